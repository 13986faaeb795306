import type { SqlExecutor } from '@tenantry/database';
import { storableText } from './storable-text.js';

const MAX_RAW_LENGTH = 65_536;

export interface RejectedEvent {
  readonly reason: string;
  readonly raw: string;
  readonly eventId?: unknown;
  readonly subject?: unknown;
  readonly type?: unknown;
}

/** Records an event that could not be read, cut and cleaned so that the record itself can never fail for its content. */
export async function recordRejectedTx(sql: SqlExecutor, group: string, event: RejectedEvent): Promise<void> {
  const short = (value: unknown): string | null => (value === undefined ? null : storableText(value, 300));
  await sql.query(
    `INSERT INTO tenantry.rejected_event (grp, event_id, subject, type, reason, raw) VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      group,
      short(event.eventId),
      short(event.subject),
      short(event.type),
      storableText(event.reason, 2000),
      storableText(event.raw, MAX_RAW_LENGTH),
    ],
  );
}
