import type { StateRecord } from '@tenantry/contracts';
import type { Logger } from '@tenantry/messaging';
import type { Pool } from 'pg';

const FLUSH_AFTER_MS = 200;
const BATCH = 500;

/**
 * The last known record of each tenant in the service's own database, so that a process which starts while the control
 * plane and the broker are gone knows the routes. Only a hint: what keeps a tenant out is the fence.
 */
export class RouteSnapshot {
  private readonly unsaved = new Map<string, StateRecord>();
  private timer: NodeJS.Timeout | undefined;
  private saving: Promise<void> | undefined;

  /** @param pool of the provisioning login. */
  constructor(
    private readonly pool: Pool,
    private readonly logger: Logger,
  ) {}

  async load(): Promise<StateRecord[]> {
    const { rows } = await this.pool.query<{ record: StateRecord }>(
      'SELECT record FROM tenantry.route_snapshot',
    );
    return rows.map(({ record }) => record);
  }

  /** Saves the record soon, together with others. */
  save(record: StateRecord): void {
    this.unsaved.set(record.tenantId, record);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** Saves what is left. A failure is logged and the records wait for the next time. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.saving = (this.saving ?? Promise.resolve()).then(() => this.saveAll());
    await this.saving;
  }

  private async saveAll(): Promise<void> {
    while (this.unsaved.size > 0) {
      // Always in the same order, so that two processes that save the same tenants cannot deadlock.
      const batch = [...this.unsaved.values()]
        .sort((a, b) => (a.tenantId < b.tenantId ? -1 : 1))
        .slice(0, BATCH);
      try {
        await this.write(batch);
      } catch (err) {
        this.logger.warn({ err, unsaved: this.unsaved.size }, 'the route snapshot could not be saved');
        return;
      }
      for (const record of batch) {
        if (this.unsaved.get(record.tenantId) === record) this.unsaved.delete(record.tenantId);
      }
    }
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
