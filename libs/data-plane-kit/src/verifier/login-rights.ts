import type { SqlExecutor } from '@tenantry/database';

/** How many are named. */
const MOST = 10;

/**
 * What a role was given by name in this database or on the server, where that is more than SELECT, USAGE and CONNECT. To use
 * a sequence is to move it on; whoever may pass a right on may write to the catalogue.
 */
const GRANTED = `
WITH own AS (SELECT oid FROM pg_roles WHERE rolname = current_user OR rolname = ANY ($1)),
acl (object, sequence, acl) AS (
  SELECT CASE relkind WHEN 'S' THEN 'sequence ' ELSE 'table ' END || oid::regclass, relkind = 'S', relacl
    FROM pg_class WHERE relacl IS NOT NULL
  UNION ALL SELECT format('column %s of table %s', attname, attrelid::regclass), false, attacl
    FROM pg_attribute WHERE attacl IS NOT NULL
  UNION ALL SELECT 'function ' || oid::regprocedure, false, proacl FROM pg_proc WHERE proacl IS NOT NULL
  UNION ALL SELECT 'schema ' || nspname, false, nspacl FROM pg_namespace WHERE nspacl IS NOT NULL
  UNION ALL SELECT 'type ' || oid::regtype, false, typacl FROM pg_type WHERE typacl IS NOT NULL
  UNION ALL SELECT 'language ' || lanname, false, lanacl FROM pg_language WHERE lanacl IS NOT NULL
  UNION ALL SELECT 'server ' || srvname, false, srvacl FROM pg_foreign_server WHERE srvacl IS NOT NULL
  UNION ALL SELECT 'foreign-data wrapper ' || fdwname, false, fdwacl
    FROM pg_foreign_data_wrapper WHERE fdwacl IS NOT NULL
  UNION ALL SELECT 'large object ' || oid, false, lomacl FROM pg_largeobject_metadata WHERE lomacl IS NOT NULL
  UNION ALL SELECT 'whatever is made later', defaclobjtype = 'S', defaclacl FROM pg_default_acl
  UNION ALL SELECT 'database ' || datname, false, datacl FROM pg_database WHERE datacl IS NOT NULL
  UNION ALL SELECT 'tablespace ' || spcname, false, spcacl FROM pg_tablespace WHERE spcacl IS NOT NULL
  UNION ALL SELECT 'parameter ' || parname, false, paracl FROM pg_parameter_acl
),
owned AS (
  SELECT CASE WHEN d.dbid = 0 OR b.datname = current_database() THEN pg_describe_object(d.classid, d.objid, d.objsubid)
    ELSE 'something in database ' || b.datname END AS object
  FROM pg_shdepend d LEFT JOIN pg_database b ON b.oid = d.dbid
  WHERE d.refclassid = 'pg_authid'::regclass AND d.deptype = 'o' AND d.refobjid IN (SELECT oid FROM own)
)
SELECT DISTINCT concat(
    'it may ', x.privilege_type, CASE WHEN x.is_grantable THEN ' (and pass it on)' END, ' on ', acl.object
  ) AS words
FROM acl CROSS JOIN LATERAL aclexplode(acl.acl) x
WHERE x.grantee IN (SELECT oid FROM own)
  AND (x.is_grantable OR x.privilege_type NOT IN ('SELECT', 'USAGE', 'CONNECT') OR (x.privilege_type = 'USAGE' AND acl.sequence))
UNION ALL SELECT DISTINCT 'it owns ' || object FROM owned
LIMIT ${MOST}`;

/**
 * What the session's login may do, in words, that scanning does not take: what it or its group was given by name here or on
 * the server, and what it owns anywhere on it.
 *
 * @param groups the groups whose rights are judged with it.
 */
export async function rightsToWrite(sql: SqlExecutor, groups: readonly string[]): Promise<string[]> {
  return (await sql.query<{ words: string }>(GRANTED, [groups])).map(({ words }) => words);
}
