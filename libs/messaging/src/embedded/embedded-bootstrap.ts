import { checkIncoming, STATE_RECORD_TYPE, type StateRecord } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import { excessOf } from '../message-bounds.js';

/** Records read at once. */
const PAGE = 500;

/** Gives every tenant's state record, a page at a time; what cannot be read is told and passed. */
export async function* statePages(
  sql: SqlExecutor,
  onMalformed: (reason: string, raw: string) => void,
): AsyncGenerator<readonly StateRecord[]> {
  for (let after: string | null = null; ;) {
    const rows: { tenant_id: string; record: string }[] = await sql.query(
      'SELECT tenant_id, record::text FROM tenantry.transport_state_page($1, $2)',
      [after, PAGE],
    );
    yield rows.flatMap(({ record }) => {
      const read = readStateRecord(record);
      if (read.ok) return read.data;
      onMalformed(read.reason, record);
      return [];
    });
    after = rows.at(-1)?.tenant_id ?? null;
    if (rows.length < PAGE) return;
  }
}

/** Reads a record as the database gives it. */
export function readStateRecord(
  raw: string,
): { readonly ok: true; readonly data: StateRecord } | { readonly ok: false; readonly reason: string } {
  const data: unknown = JSON.parse(raw);
  const excess = excessOf(data);
  return excess === undefined ? checkIncoming(STATE_RECORD_TYPE, data) : { ok: false, reason: excess };
}

/**
 * Lets a group begin with what is, instead of with what was; does nothing for one that has joined. The state records are applied first, each
 * tenant's place noted, and then the group joins at those places: what was committed in between has a greater sequence, so there
 * is neither gap nor overlap.
 */
export async function joinPlaced(
  sql: SqlExecutor,
  group: string,
  take: (records: readonly StateRecord[]) => Promise<void>,
  onMalformed: (reason: string, raw: string) => void,
): Promise<void> {
  const [answer] = await sql.query<{ joined: boolean }>(
    'SELECT tenantry.transport_has_joined($1) AS joined',
    [group],
  );
  if (answer?.joined) return;
  for await (const records of statePages(sql, onMalformed)) {
    await take(records);
    await sql.query('SELECT tenantry.transport_place($1, $2::uuid[], $3::bigint[])', [
      group,
      records.map(({ tenantId }) => tenantId),
      records.map(({ tenantSeq }) => tenantSeq),
    ]);
  }
  await sql.query('SELECT tenantry.transport_join_placed($1)', [group]);
}
