import type { SqlExecutor } from '@tenantry/database';

/**
 * What everybody may write in this database, and the scan's login with everybody, whatever was taken from it: in words, none
 * where it is closed. None of it changes what a scan sees.
 */
export async function publicRights(sql: SqlExecutor): Promise<string[]> {
  const [found] = await sql.query<{ temp: boolean; large_objects: boolean }>(
    `SELECT has_database_privilege('public', current_database(), 'TEMP') AS temp,
       EXISTS (
         SELECT FROM pg_proc p
         WHERE p.pronamespace = 'pg_catalog'::regnamespace
           AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'lo_put', 'lowrite', 'lo_unlink')
           AND has_function_privilege('public', p.oid, 'EXECUTE')
       ) AS large_objects`,
  );
  return [
    ...(found?.temp ? ['PUBLIC may make temporary tables (REVOKE TEMP ON DATABASE … FROM PUBLIC)'] : []),
    ...(found?.large_objects
      ? ['PUBLIC may write large objects (REVOKE EXECUTE ON FUNCTION lo_create(oid), … FROM PUBLIC)']
      : []),
  ];
}
