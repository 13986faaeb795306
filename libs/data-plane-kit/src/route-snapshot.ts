import type { StateRecord } from '@tenantry/contracts';
import type { Logger } from '@tenantry/messaging';
import type { Pool } from 'pg';

const FLUSH_AFTER_MS = 200;
/** Records written, or read, at once. */
const BATCH = 500;

/**
 * The last known record of each tenant in the service's own database, so that a process which starts while the control
 * plane and the broker are gone knows the routes (docs/adr/0018). Only a hint: what keeps a tenant out is the fence.
 */
export class RouteSnapshot {
  private unsaved = new Map<string, StateRecord>();
  private timer: NodeJS.Timeout | undefined;
  private saving: Promise<boolean> | undefined;

  /** @param pool of the provisioning login. */
  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
  ) {}

  /** Gives every saved record, a batch at a time, however many there are. */
  async *load(): AsyncGenerator<readonly StateRecord[]> {
    for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
      const { rows } = await this.pool.query<{ tenant_id: string; record: StateRecord }>(
        'SELECT tenant_id, record FROM tenantry.route_snapshot WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2',
        [after, BATCH],
      );
      if (rows.length > 0) yield rows.map(({ record }) => record);
      const last = rows.at(-1);
      if (!last || rows.length < BATCH) return;
      after = last.tenant_id;
    }
  }

  /** How long ago the snapshot was last known to hold everything, in milliseconds; undefined when it never was. */
  async ageMs(): Promise<number | undefined> {
    const { rows } = await this.pool.query<{ age_ms: number }>(
      `SELECT (extract(epoch FROM now() - confirmed_at) * 1000)::float8 AS age_ms FROM tenantry.route_confirmation`,
    );
    return rows[0]?.age_ms;
  }

  /** Saves the record soon, together with others. */
  save(record: StateRecord): void {
    this.unsaved.set(record.tenantId, record);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  /**
   * Saves what is left. A failure is logged and the records wait for the next time.
   *
   * @returns whether everything is saved that was given to `save` before.
   */
  flush(): Promise<boolean> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.saving = (this.saving ?? Promise.resolve()).then(() => this.saveAll());
    return this.saving;
  }

  /**
   * Notes how old the snapshot is, once everything is in it that was given to `save` before; what comes meanwhile is younger than the
   * age that is noted. Another process may have noted something younger still, which stays.
   *
   * @param ageMs how long ago everything was known.
   * @returns whether it could be noted.
   */
  async confirm(ageMs: number): Promise<boolean> {
    const confirmedBefore = performance.now();
    if (!(await this.flush())) return false;
    try {
      await this.pool.query(
        `INSERT INTO tenantry.route_confirmation AS c (confirmed_at) VALUES (now() - $1 * interval '1 millisecond')
         ON CONFLICT ON CONSTRAINT route_confirmation_pkey DO UPDATE
           SET confirmed_at = excluded.confirmed_at WHERE excluded.confirmed_at > c.confirmed_at`,
        [ageMs + performance.now() - confirmedBefore],
      );
      return true;
    } catch (err) {
      this.logger.warn({ err }, 'the age of the route snapshot could not be saved');
      return false;
    }
  }

  private async saveAll(): Promise<boolean> {
    const taken = this.unsaved;
    this.unsaved = new Map();
    // Always in the same order, so that two processes that save the same tenants cannot deadlock.
    const records = [...taken.values()].sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1));
    for (let from = 0; from < records.length; from += BATCH) {
      try {
        await this.write(records.slice(from, from + BATCH));
      } catch (err) {
        for (const record of records.slice(from))
          if (!this.unsaved.has(record.tenantId)) this.unsaved.set(record.tenantId, record);
        this.logger.warn({ err, unsaved: this.unsaved.size }, 'the route snapshot could not be saved');
        return false;
      }
    }
    return true;
  }

  private async write(records: readonly StateRecord[]): Promise<void> {
    await this.pool.query(
      `INSERT INTO tenantry.route_snapshot AS s (tenant_id, tenant_seq, version, record)
       SELECT (r ->> 'tenantId')::uuid, (r ->> 'tenantSeq')::numeric, (r ->> 'version')::bigint, r FROM json_array_elements($1::json) r
       ON CONFLICT ON CONSTRAINT route_snapshot_pkey DO UPDATE
         SET tenant_seq = excluded.tenant_seq, version = excluded.version, record = excluded.record
         WHERE (excluded.tenant_seq, excluded.version) >= (s.tenant_seq, s.version) AND excluded.record::text <> s.record::text`,
      [JSON.stringify(records)],
    );
  }
}
