import type { AppName } from '@tenantry/testing/servers';

/**
 * The effect journal: what really happened in the databases, written by triggers that the suite installs as superuser, in the
 * transaction of the effect. The product does not know of it, and nobody but the reader at the end looks at it.
 */
const JOURNAL_SQL = `
CREATE SCHEMA chaos;
CREATE TABLE chaos.journal (
  no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- A backend, told apart from a later one under the same process id.
  session text NOT NULL,
  kind text NOT NULL,
  -- The tenant. Under a name that says so, a purge would take the journal for the tenant's data.
  subject uuid NOT NULL,
  generation bigint,
  detail jsonb NOT NULL
);
CREATE FUNCTION chaos.note(kind text, subject uuid, generation bigint, detail jsonb) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
  INSERT INTO chaos.journal (session, kind, subject, generation, detail)
  SELECT pg_backend_pid() || ' ' || a.backend_start, kind, subject, generation, detail
  FROM pg_stat_get_activity(pg_backend_pid()) a;
END;
`;

const CONTROL_PLANE_SQL = `
${JOURNAL_SQL}
CREATE FUNCTION chaos.on_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM chaos.note('event', NEW.tenant_id, (NEW.envelope->>'generation')::bigint,
    jsonb_build_object('seq', NEW.tenant_seq, 'id', NEW.event_id, 'type', NEW.type, 'data', NEW.envelope->'data'));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_event AFTER INSERT ON tenantry.tenant_event FOR EACH ROW EXECUTE FUNCTION chaos.on_event();

CREATE FUNCTION chaos.on_operation() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM chaos.note('operation', NEW.tenant_id, NEW.generation, jsonb_build_object('id', NEW.id, 'kind', NEW.kind,
    'from', CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, 'to', NEW.state));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_operation_made AFTER INSERT ON tenantry.operation FOR EACH ROW EXECUTE FUNCTION chaos.on_operation();
CREATE TRIGGER chaos_operation AFTER UPDATE ON tenantry.operation FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION chaos.on_operation();

CREATE FUNCTION chaos.on_tenant() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM chaos.note('tenant', NEW.id, NEW.generation, jsonb_build_object('state', NEW.state, 'version', NEW.version,
    'seq', NEW.tenant_seq, 'fromState', OLD.state, 'fromGeneration', OLD.generation, 'fromVersion', OLD.version, 'fromSeq', OLD.tenant_seq));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_tenant AFTER UPDATE ON tenantry.tenant FOR EACH ROW
  WHEN ((OLD.state, OLD.generation, OLD.version, OLD.tenant_seq) IS DISTINCT FROM (NEW.state, NEW.generation, NEW.version, NEW.tenant_seq))
  EXECUTE FUNCTION chaos.on_tenant();

CREATE FUNCTION chaos.on_route() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM chaos.note('route', NEW.tenant_id, NEW.generation, jsonb_build_object('store', NEW.store, 'access', NEW.access,
    'revision', NEW.revision, 'fromGeneration', OLD.generation, 'fromRevision', OLD.revision));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_route AFTER UPDATE ON tenantry.route FOR EACH ROW EXECUTE FUNCTION chaos.on_route();

CREATE FUNCTION chaos.on_observed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM chaos.note('observed', NEW.tenant_id, NEW.observed_generation, jsonb_build_object('participant', NEW.participant,
    'observed', NEW.observed, 'fromGeneration', OLD.observed_generation));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_observed AFTER UPDATE ON tenantry.tenant_participant FOR EACH ROW EXECUTE FUNCTION chaos.on_observed();
`;

/** Tells that a row came or went, for a table whose column \`tenant_id\` says whose it is. */
const ROW_TRIGGER = `
CREATE FUNCTION chaos.on_row() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  row jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
  PERFORM chaos.note(TG_ARGV[0] || CASE TG_OP WHEN 'DELETE' THEN '-removed' ELSE '' END, (row->>'tenant_id')::uuid,
    (row->>'generation')::bigint, row - 'tenant_id' - 'payload' - 'evidence' - 'footprint' - 'seeded' - 'permissions' - 'description');
  RETURN NULL;
END $$;
`;

/** What a participant takes in. */
const CONSUMER_SQL = `
-- What the consumer took in: its position, the requests that it stored, and what was answered.
CREATE FUNCTION chaos.on_position() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM chaos.note('position', NEW.tenant_id, NULL, jsonb_build_object('group', NEW.grp, 'from', OLD.last_seq, 'to', NEW.last_seq));
  RETURN NULL;
END $$;
CREATE TRIGGER chaos_position AFTER UPDATE ON tenantry.consumer_position FOR EACH ROW
  WHEN (OLD.last_seq IS DISTINCT FROM NEW.last_seq) EXECUTE FUNCTION chaos.on_position();
CREATE TRIGGER chaos_stored AFTER INSERT OR UPDATE OF operation_id, generation, attempt ON tenantry.inbox
  FOR EACH ROW EXECUTE FUNCTION chaos.on_row('stored');
CREATE TRIGGER chaos_answered AFTER INSERT OR UPDATE ON tenantry.answer FOR EACH ROW EXECUTE FUNCTION chaos.on_row('answered');
`;

const DATA_PLANE_SQL = `
${JOURNAL_SQL}
${ROW_TRIGGER}
-- What lets the tenant in or keeps it out, its end, and the marker of a complete provisioning.
CREATE TRIGGER chaos_fence AFTER INSERT OR UPDATE OR DELETE ON tenantry.fence FOR EACH ROW EXECUTE FUNCTION chaos.on_row('fence');
CREATE TRIGGER chaos_tombstone AFTER INSERT OR UPDATE OF generation OR DELETE ON tenantry.tombstone
  FOR EACH ROW EXECUTE FUNCTION chaos.on_row('tombstone');
CREATE TRIGGER chaos_provisioned AFTER INSERT OR UPDATE OR DELETE ON tenantry.provisioned
  FOR EACH ROW EXECUTE FUNCTION chaos.on_row('provisioned');
CREATE TRIGGER chaos_seeded AFTER INSERT OR DELETE ON pooled_primary.role FOR EACH ROW EXECUTE FUNCTION chaos.on_row('seeded');

${CONSUMER_SQL}
-- Schemas of tenants, and the seeds in them.
CREATE FUNCTION chaos.on_created() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  made record;
BEGIN
  FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
    IF made.command_tag = 'CREATE SCHEMA' AND made.object_identity ~ '^t_[0-9a-f]{32}_' THEN
      PERFORM chaos.note('schema', substr(made.object_identity, 3, 32)::uuid, NULL, jsonb_build_object('name', made.object_identity));
    ELSIF made.command_tag = 'CREATE TABLE' AND made.object_identity ~ '^t_[0-9a-f]{32}_[a-z]+\\.role$' THEN
      EXECUTE format('CREATE TRIGGER chaos_seeded AFTER INSERT OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION chaos.on_row(%L)',
        made.object_identity, 'seeded');
    END IF;
  END LOOP;
END $$;
CREATE EVENT TRIGGER chaos_created ON ddl_command_end WHEN TAG IN ('CREATE SCHEMA', 'CREATE TABLE')
  EXECUTE FUNCTION chaos.on_created();
CREATE FUNCTION chaos.on_dropped() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  gone record;
BEGIN
  FOR gone IN SELECT * FROM pg_event_trigger_dropped_objects() WHERE object_type = 'schema' AND object_name ~ '^t_[0-9a-f]{32}_' LOOP
    PERFORM chaos.note('schema-removed', substr(gone.object_name, 3, 32)::uuid, NULL, jsonb_build_object('name', gone.object_name));
  END LOOP;
END $$;
CREATE EVENT TRIGGER chaos_dropped ON sql_drop EXECUTE FUNCTION chaos.on_dropped();

-- Which worker is at which tenant: every step of a worker goes through one of these functions, so they are put behind others of
-- the same name that take it down. 'begin' is the first thing that a provisioning or a purge does.
ALTER FUNCTION tenantry.set_fence(uuid, bigint, text) RENAME TO set_fence_unwatched;
CREATE FUNCTION tenantry.set_fence(t uuid, g bigint, new_access text) RETURNS text
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held text := tenantry.set_fence_unwatched(t, g, new_access);
BEGIN
  PERFORM chaos.note(CASE new_access WHEN 'keep' THEN 'begin' WHEN 'frozen' THEN 'freeze' ELSE 'step' END, t, g,
    jsonb_build_object('does', 'set_fence ' || new_access));
  RETURN held;
END $$;
ALTER FUNCTION tenantry.bury(uuid, bigint) RENAME TO bury_unwatched;
CREATE FUNCTION tenantry.bury(t uuid, g bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM tenantry.bury_unwatched(t, g);
  PERFORM chaos.note('begin', t, g, jsonb_build_object('does', 'bury'));
END $$;
ALTER FUNCTION tenantry.maintain(uuid, bigint) RENAME TO maintain_unwatched;
CREATE FUNCTION tenantry.maintain(t uuid, g bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM tenantry.maintain_unwatched(t, g);
  PERFORM chaos.note('step', t, g, jsonb_build_object('does', 'maintain'));
END $$;
REVOKE EXECUTE ON FUNCTION tenantry.set_fence(uuid, bigint, text), tenantry.bury(uuid, bigint), tenantry.maintain(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenantry.set_fence(uuid, bigint, text), tenantry.bury(uuid, bigint), tenantry.maintain(uuid, bigint)
  TO tenantry_provisioner;
`;

/** What is installed in the database of each app. */
export const JOURNALS_SQL: Readonly<Record<AppName, string>> = {
  'control-plane': CONTROL_PLANE_SQL,
  'data-plane': DATA_PLANE_SQL,
  verifier: `${JOURNAL_SQL}${ROW_TRIGGER}${CONSUMER_SQL}`,
};
