import type { ControlPlaneTransport } from '@tenantry/messaging';

/**
 * The highest sequence that the state channel holds, of any tenant, one that the database has lost included; undefined where the
 * transport keeps its state in the database itself.
 *
 * @throws Error when the channel was not read to its end in time.
 */
export async function highestSequence(
  transport: Pick<ControlPlaneTransport, 'readOwnState'>,
  timeoutMs: number,
): Promise<string | undefined> {
  const read = Promise.withResolvers<void>();
  let highest = 0n;
  const subscription = transport.readOwnState({
    handler: ({ tenantSeq }) => {
      const sequence = BigInt(tenantSeq);
      if (sequence > highest) highest = sequence;
    },
    // Whatever cannot be read carries no number to be above of.
    onMalformed: () => undefined,
    onCaughtUp: () => read.resolve(),
  });
  if (!subscription) return undefined;
  subscription.failed.catch((error: unknown) => read.reject(error));
  const late = setTimeout(
    () => read.reject(new Error(`The state channel could not be read to its end within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  try {
    await read.promise;
  } finally {
    clearTimeout(late);
    await subscription.stop();
  }
  return String(highest);
}
