import { shardOf } from '@tenantry/messaging';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SILENT_AFTER_MS } from '../participants/hear.js';

export interface Fingerprint {
  readonly tenantId: string;
  /** Differs when anything differs that an explanation is derived from, other than the time. */
  readonly value: string;
  /** The database's time at which it was taken. */
  readonly now: Date;
}

/**
 * Tells whether anything about some tenants has changed, without reading what: every write gives a row a new `xmin`. What
 * changes all the time and is no news, such as heartbeats, is taken for what it means.
 */
@Injectable()
export class FingerprintReadModel {
  constructor(private readonly dataSource: DataSource) {}

  /** One query, whatever the number of tenants; those that do not exist are left out. */
  async of(tenantIds: readonly string[]): Promise<Fingerprint[]> {
    const rows: { tenant_id: string; value: string; now: Date }[] = await this.dataSource.query(SQL, [
      tenantIds,
      tenantIds.map(shardOf),
      SILENT_AFTER_MS,
    ]);
    return rows.map(({ tenant_id: tenantId, value, now }) => ({ tenantId, value, now }));
  }
}

const SQL = `
WITH everyone AS MATERIALIZED (
  SELECT string_agg(concat_ws(':', name, required, array_to_string(capabilities, '+'), array_to_string(stores, '+'), ack_timeout_ms,
    retired_at, last_heartbeat_at IS NULL, last_heartbeat_at < tenantry.now() - $3 * interval '1 millisecond'), ',' ORDER BY name) AS value
  FROM tenantry.participant
)
SELECT t.id AS tenant_id, tenantry.now() AS now, md5(concat_ws('|', t.xmin, o.xmin, o.id,
  (SELECT string_agg(concat(x.participant, ':', x.xmin), ',' ORDER BY x.participant) FROM tenantry.task x WHERE x.operation_id = o.id),
  (SELECT string_agg(concat(x.participant, ':', x.xmin), ',' ORDER BY x.participant) FROM tenantry.tenant_participant x WHERE x.tenant_id = t.id),
  (SELECT string_agg(concat(x.store, ':', x.xmin), ',' ORDER BY x.store) FROM tenantry.route x WHERE x.tenant_id = t.id),
  (SELECT string_agg(concat(p.id, ':', p.attempts), ',' ORDER BY p.id) FROM tenantry.parked_fact p
    WHERE p.tenant_id = t.id AND p.state = 'parked'),
  (SELECT last_error FROM tenantry.wake w WHERE w.tenant_id = t.id),
  (SELECT last_error FROM tenantry.relay_shard s WHERE s.shard = watched.shard),
  everyone.value)) AS value
FROM unnest($1::uuid[], $2::int[]) AS watched(id, shard)
JOIN tenantry.tenant t ON t.id = watched.id
JOIN tenantry.operation o ON o.tenant_id = t.id AND o.generation = t.generation
CROSS JOIN everyone`;
