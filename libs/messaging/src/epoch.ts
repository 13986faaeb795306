import type { SqlExecutor } from '@tenantry/database';

/** How many numbers an epoch has. */
export const EPOCH_SIZE = 2 ** 32;

/** There are no more, so that every number stays whole in JavaScript. */
export const MAX_EPOCH = 2 ** 21 - 1;

/** The epoch that a sequence or a generation was given out in. */
export function epochOf(number: bigint | number | string): number {
  return Number(BigInt(number) / BigInt(EPOCH_SIZE));
}

/** Something in the state channel that the database does not know any more. */
export interface NumberAhead {
  readonly tenantId: string;
  readonly tenantSeq: string;
  readonly seenAt: Date;
}

export interface EpochState {
  readonly epoch: number;
  /**
   * What the state channel held above the database's own numbers, as long as the epoch was not raised above it: the database was
   * restored to an earlier point, or lost its last transactions, and whatever it publishes now would be taken for old.
   */
  readonly ahead: NumberAhead | undefined;
}

interface EpochRow {
  readonly epoch: string;
  readonly ahead_tenant: string | null;
  readonly ahead_seq: string | null;
  readonly ahead_seen_at: Date;
}

export async function readEpoch(sql: SqlExecutor): Promise<EpochState> {
  const [row] = await sql.query<EpochRow>(
    'SELECT epoch, ahead_tenant, ahead_seq, ahead_seen_at FROM tenantry.epoch',
  );
  if (!row) throw new Error('The epoch is missing.');
  const epoch = Number(row.epoch);
  const { ahead_tenant: tenantId, ahead_seq: tenantSeq, ahead_seen_at: seenAt } = row;
  const counts = tenantId !== null && tenantSeq !== null && epochOf(tenantSeq) >= epoch;
  return { epoch, ahead: counts ? { tenantId, tenantSeq, seenAt } : undefined };
}

/** Notes what was seen ahead; the highest number is kept. */
export async function noteAhead(
  sql: SqlExecutor,
  { tenantId, tenantSeq }: Pick<NumberAhead, 'tenantId' | 'tenantSeq'>,
): Promise<void> {
  await sql.query(
    `UPDATE tenantry.epoch SET ahead_tenant = $1, ahead_seq = $2, ahead_seen_at = tenantry.now()
     WHERE ahead_seq IS NULL OR ahead_seq < $2`,
    [tenantId, tenantSeq],
  );
}

/**
 * Raises the epoch above everything that it is known to have been, and keeps it locked until the transaction ends.
 *
 * @param wanted the epoch that an operator asks for; unless told, the next one.
 * @param seen the highest number that is known from elsewhere.
 * @throws RangeError when the wanted epoch is not above what is known, or there is none left.
 */
export async function raiseEpochTx(
  sql: SqlExecutor,
  { wanted, seen = '0' }: { readonly wanted?: number | undefined; readonly seen?: string | undefined } = {},
): Promise<{ readonly before: number; readonly epoch: number }> {
  const [row] = await sql.query<{ epoch: string; ahead_seq: string | null }>(
    'SELECT epoch, ahead_seq FROM tenantry.epoch FOR UPDATE',
  );
  if (!row) throw new Error('The epoch is missing.');
  const before = Number(row.epoch);
  const lowest = Math.max(before, epochOf(row.ahead_seq ?? '0'), epochOf(seen)) + 1;
  const epoch = wanted ?? lowest;
  if (epoch < lowest)
    throw new RangeError(`The epoch must be at least ${lowest}, to be above what was given out.`);
  if (epoch > MAX_EPOCH) throw new RangeError(`The epoch cannot be above ${MAX_EPOCH}.`);
  await sql.query('UPDATE tenantry.epoch SET epoch = $1, raised_at = tenantry.now()', [epoch]);
  return { before, epoch };
}
