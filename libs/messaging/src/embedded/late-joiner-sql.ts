import type { SqlMigration } from '@tenantry/database';

const definer = `SECURITY DEFINER SET search_path = pg_catalog, pg_temp`;

/**
 * Lets a new group of the embedded transport begin with the tenants' state records instead of with the beginning of their history. Needs
 * EMBEDDED_TRANSPORT_SQL before it.
 */
export const LATE_JOINER_SQL: SqlMigration = {
  name: 'messaging-0005-late-joiners',
  sql: `
CREATE FUNCTION tenantry.transport_has_joined(g text) RETURNS boolean LANGUAGE plpgsql STABLE ${definer} AS $$
BEGIN
  PERFORM tenantry.transport_own(g);
  RETURN EXISTS (SELECT FROM tenantry.transport_group t WHERE t.grp = g);
END $$;

-- Before a group joins: it has applied these tenants' records, which reflect their events up to these sequences.
CREATE FUNCTION tenantry.transport_place(g text, tenants uuid[], seqs bigint[]) RETURNS void
LANGUAGE plpgsql VOLATILE ${definer} AS $$
BEGIN
  IF tenantry.transport_has_joined(g) THEN RETURN; END IF;
  INSERT INTO tenantry.position (grp, tenant_id, last_seq, head_seq)
  SELECT g, m.tenant_id, max(m.seq), max(m.seq) FROM unnest(tenants, seqs) AS m(tenant_id, seq)
  GROUP BY m.tenant_id ORDER BY m.tenant_id
  ON CONFLICT (grp, tenant_id) DO UPDATE
    SET last_seq = greatest(position.last_seq, excluded.last_seq), head_seq = greatest(position.head_seq, excluded.head_seq);
END $$;

-- As transport_join, for a group that was placed: each tenant's events are delivered from behind its place on. One that was made
-- meanwhile has none and is delivered from its first.
CREATE FUNCTION tenantry.transport_join_placed(g text) RETURNS void LANGUAGE plpgsql VOLATILE ${definer} AS $$
DECLARE me text := tenantry.transport_own(g);
BEGIN
  IF EXISTS (SELECT FROM tenantry.transport_group t WHERE t.grp = g) THEN RETURN; END IF;
  LOCK TABLE tenantry.transport_group IN EXCLUSIVE MODE;
  INSERT INTO tenantry.transport_group (grp, participant) VALUES (g, me) ON CONFLICT (grp) DO NOTHING;
  IF FOUND THEN
    INSERT INTO tenantry.position (grp, tenant_id, last_seq, head_seq)
    SELECT g, e.tenant_id, 0, max(e.tenant_seq) FROM tenantry.tenant_event e GROUP BY e.tenant_id
    ON CONFLICT (grp, tenant_id) DO UPDATE SET head_seq = greatest(position.head_seq, excluded.head_seq);
  END IF;
END $$;

REVOKE EXECUTE ON FUNCTION tenantry.transport_has_joined(text), tenantry.transport_place(text, uuid[], bigint[]),
  tenantry.transport_join_placed(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.transport_has_joined(text), tenantry.transport_place(text, uuid[], bigint[]),
  tenantry.transport_join_placed(text) TO tenantry_participant;
`,
};
