import type { HistoryGuard } from '@tenantry/messaging';

/** A fact that is parked somewhere is looked into with its event at hand, and may be replayed from. */
export const parkedFactsGuard: HistoryGuard = async (sql, { startsAt, endsAt }) => {
  const [parked] = await sql.query<{ grp: string; tenant_id: string }>(
    `SELECT k.grp, k.tenant_id FROM tenantry.parked_fact k
     JOIN tenantry.tenant_event e ON e.tenant_id = k.tenant_id AND e.tenant_seq = k.tenant_seq
     WHERE k.state = 'parked' AND e.occurred_at >= $1 AND e.occurred_at < $2 LIMIT 1`,
    [startsAt, endsAt],
  );
  return parked && `group ${parked.grp} has parked something of it, of tenant ${parked.tenant_id}`;
};

/** A replay that is not over yet is asked for again, with what the history has. */
export const replaysGuard: HistoryGuard = async (sql, { startsAt, endsAt }) => {
  const [replay] = await sql.query<{ grp: string; tenant_id: string }>(
    `SELECT r.grp, r.tenant_id FROM tenantry.recovery r
     JOIN tenantry.tenant_event e ON e.tenant_id = r.tenant_id AND e.tenant_seq BETWEEN r.tenant_seq AND r.to_seq
     WHERE r.kind = 'replay' AND r.state = 'pending' AND e.occurred_at >= $1 AND e.occurred_at < $2 LIMIT 1`,
    [startsAt, endsAt],
  );
  return replay && `it is being replayed for group ${replay.grp}, of tenant ${replay.tenant_id}`;
};

/** The certificate of a purge says for when the deletion was announced, which only its event knows in the end. */
export const certificatesGuard: HistoryGuard = async (sql, { startsAt, endsAt }) => {
  const [owed] = await sql.query<{ tenant_id: string }>(
    `SELECT e.tenant_id FROM tenantry.tenant_event e
     JOIN tenantry.tenant t ON t.id = e.tenant_id AND t.certified_at IS NULL AND (t.purge_after IS NOT NULL OR t.desired = 'purged')
     WHERE e.type = 'tenant.deletion_scheduled.v1' AND e.occurred_at >= $1 AND e.occurred_at < $2 LIMIT 1`,
    [startsAt, endsAt],
  );
  return owed && `the deletion certificate of tenant ${owed.tenant_id} is still to be issued`;
};
