/**
 * How long a stop waits for a database or a broker that does not answer, in milliseconds. What it would have noted there is
 * found out otherwise: leases end, members time out, and what was not noted is done again.
 */
export const PEER_PATIENCE_MS = 3_000;

/** Waits until everything has settled, but no longer than `ms`; says whether it has. */
export async function settledWithin(work: readonly Promise<unknown>[], ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([Promise.allSettled(work).then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
