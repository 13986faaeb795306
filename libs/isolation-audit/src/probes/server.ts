import type { Probe } from '../probe.js';

/** Ways around the tables: copies of the stream, other servers, and the engine itself. */
export const SERVER_PROBES: readonly Probe[] = [
  {
    id: 'logical-decoding',
    hole: 22,
    severity: 'medium',
    title: 'Changes of all tenants leave the database as a stream',
    sql: `
SELECT o.type, o.name, 'Who reads it sees the rows of every tenant; no policy holds for it.' AS what, o.mend
FROM (
  SELECT 'replication slot' AS type, quote_ident(slot_name) AS name, format('SELECT pg_drop_replication_slot(%L); -- or allow it, with the reason', slot_name) AS mend
  FROM pg_replication_slots WHERE slot_type = 'logical' AND database = current_database()
  UNION ALL
  SELECT 'publication', quote_ident(p.pubname), format('DROP PUBLICATION %I; -- or allow it, with the reason', p.pubname)
  FROM pg_publication p
  WHERE EXISTS (SELECT FROM pg_publication_tables t JOIN relation r ON r.schema = t.schemaname AND r.bare = t.tablename
    WHERE t.pubname = p.pubname AND (r.tenant_attnum IS NOT NULL OR r.of_tenant))
  UNION ALL
  SELECT 'role', quote_ident(r.rolname), format('ALTER ROLE %I NOREPLICATION; -- or allow it, with the reason', r.rolname)
  FROM pg_roles r
  WHERE r.rolreplication AND NOT r.rolsuper AND r.rolcanlogin AND r.oid NOT IN (SELECT oid FROM grantee)
    AND has_database_privilege(r.oid, current_database(), 'CONNECT')
) o`,
  },
  {
    id: 'foreign-access',
    hole: 29,
    severity: 'medium',
    title: 'The database reaches out to other servers',
    sql: `
SELECT o.type, o.name, 'What is read or written through it is under no policy of this database, with rights that the far side decides.' AS what, o.mend
FROM (
  SELECT 'foreign table' AS type, r.name, format('DROP FOREIGN TABLE %s; -- or allow it, with the reason', r.name) AS mend FROM relation r WHERE r.kind = 'f'
  UNION ALL SELECT 'foreign server', quote_ident(s.srvname), format('DROP SERVER %I; -- or allow it, with the reason', s.srvname) FROM pg_foreign_server s
  UNION ALL SELECT 'user mapping', format('%I for %s', m.srvname, m.usename), format('DROP USER MAPPING FOR %s SERVER %I;', m.usename, m.srvname) FROM pg_user_mappings m
  UNION ALL SELECT 'extension', quote_ident(e.extname), format('DROP EXTENSION %I; -- or allow it, with the reason', e.extname)
    FROM pg_extension e WHERE e.extname IN ('dblink', 'postgres_fdw', 'file_fdw')
) o`,
  },
  {
    id: 'engine-unpatched',
    hole: 25,
    severity: 'high',
    title: 'The engine has known holes',
    sql: `
SELECT 'server' AS type, format('PostgreSQL %s', current_setting('server_version')) AS name,
  CASE WHEN minor.wanted IS NULL THEN 'Nobody mends this version any more.'
    ELSE format('%s.%s mends holes through which one user''s statements reach what is another''s.', v.major, minor.wanted) END AS what,
  CASE WHEN minor.wanted IS NULL THEN '-- upgrade to a version that is still mended'
    ELSE format('-- install PostgreSQL %s.%s or later', v.major, minor.wanted) END AS mend
FROM scope
CROSS JOIN LATERAL (
  SELECT current_setting('server_version_num')::int / 10000 AS major, current_setting('server_version_num')::int % 10000 AS minor
) v
CROSS JOIN LATERAL (SELECT (scope.settings->'patched'->>v.major::text)::int AS wanted) minor
WHERE minor.wanted > v.minor
  OR minor.wanted IS NULL AND v.major < (SELECT max(k::int) FROM jsonb_object_keys(scope.settings->'patched') k)`,
  },
];
