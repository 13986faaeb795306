/** What an attacker leaves on a connection, for whoever borrows it next: settings and objects of the session. */
export const PLANTS: Readonly<Record<string, (own: string) => readonly string[]>> = {
  'prepared statements under the names of drivers': () =>
    ['enter', 'tenantry_enter', 's1', 'S_1', '__asyncpg_stmt_1__', 'lrupsc_1_0'].map(
      (name) => `PREPARE "${name}" AS SELECT 1`,
    ),
  'tables that hide the real ones': () => [
    'CREATE TEMP TABLE note (tenant_id uuid, id uuid, text text)',
    'CREATE TABLE public.note (tenant_id uuid, id uuid, text text)',
    'SET search_path TO pg_temp, public',
  ],
  'functions that hide the kit’s and the server’s': () => [
    `CREATE FUNCTION pg_temp.set_config(text, text, boolean) RETURNS text LANGUAGE sql RETURN 'x'`,
    `CREATE FUNCTION public.current_setting(text, boolean) RETURNS text LANGUAGE sql RETURN 'x'`,
    'SET search_path TO pg_temp, public, pg_catalog',
  ],
  'a context of its own': (own) => [
    `SET tenantry.tenant = '${own}'`,
    `SET tenantry.ctx = '${own}${'0'.repeat(64)}'`,
  ],
  'a cursor and a channel': () => [
    'DECLARE kept CURSOR WITH HOLD FOR SELECT * FROM pooled_primary.note',
    'LISTEN note',
  ],
  'another kind of transaction': () => [
    `SET default_transaction_isolation = 'serializable'`,
    'SET default_transaction_read_only = off',
    'SET row_security = off',
    'SET plan_cache_mode = force_generic_plan',
    'SET session_replication_role = replica',
  ],
};

/** What the attacker looks at afterwards, besides the tables. */
export const HARVEST = [
  'SELECT * FROM note',
  'SELECT * FROM public.note',
  'SELECT * FROM pg_temp.note',
  'FETCH ALL FROM kept',
  'SELECT * FROM pg_prepared_statements',
  'EXECUTE "enter"',
  'SELECT query FROM pg_stat_activity',
];
