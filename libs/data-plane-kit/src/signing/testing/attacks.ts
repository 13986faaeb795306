import type { Attacker, Victim } from './attacker.js';

/** Something that an attacker does with SQL of its own before it helps itself. */
export interface Attack {
  readonly name: string;
  /** Whether it gets at another tenant's rows where contexts are not signed; where they are, nothing may. */
  readonly unsigned: 'crosses' | 'holds';
  /** A savepoint of this name is set before the context is opened. */
  readonly savepoint?: string;
  readonly steps: (victim: Victim, attacker: Attacker) => readonly string[];
}

const hex = (uuid: string): string => uuid.replaceAll('-', '');
/** What it takes to be the victim where a context is not signed. */
const become = ({ tenantId }: Victim): string => `SELECT set_config('tenantry.tenant', '${tenantId}', true)`;
const becomeForGood = ({ tenantId }: Victim): string =>
  `SELECT set_config('tenantry.tenant', '${tenantId}', false)`;
/** In the schema model the victim's role reaches its tables; in the pooled one everybody's does. */
const takeRole = ({ model, schema }: Victim): string =>
  model === 'schema' ? `SET ROLE ${schema}` : 'RESET ROLE';

export const ATTACKS: readonly Attack[] = [
  { name: 'helps itself without more ado', unsigned: 'holds', steps: () => [] },
  { name: 'takes the victim’s role', unsigned: 'holds', steps: (victim) => [takeRole(victim)] },
  {
    name: 'takes the victim’s role by a function',
    unsigned: 'holds',
    steps: ({ schema }) => [`SELECT set_config('role', '${schema}', false)`],
  },
  {
    name: 'changes the setting for this transaction',
    unsigned: 'crosses',
    steps: (victim) => [takeRole(victim), become(victim)],
  },
  {
    name: 'changes the setting for the session',
    unsigned: 'crosses',
    steps: (victim) => [takeRole(victim), becomeForGood(victim)],
  },
  {
    name: 'changes the setting with SET',
    unsigned: 'crosses',
    steps: (victim) => [takeRole(victim), `SET tenantry.tenant = '${victim.tenantId}'`],
  },
  {
    name: 'changes the setting and reads in one statement',
    unsigned: 'crosses',
    steps: (victim) => [
      takeRole(victim),
      `SELECT set_config('tenantry.tenant', '${victim.tenantId}', true),
              query_to_xml('SELECT * FROM ${victim.schema}.note', true, true, '')::text`,
    ],
  },
  {
    name: 'changes the setting in a block of code',
    unsigned: 'crosses',
    steps: (victim) => [
      takeRole(victim),
      `DO $$ BEGIN PERFORM set_config('tenantry.tenant', '${victim.tenantId}', false); END $$`,
    ],
  },
  {
    name: 'makes a marker up',
    unsigned: 'holds',
    steps: (victim) => [
      takeRole(victim),
      `SELECT set_config('tenantry.ctx', '${victim.tenantId}${'0'.repeat(64)}', false)`,
    ],
  },
  {
    name: 'puts the victim into its own marker',
    unsigned: 'holds',
    steps: (victim) => [
      takeRole(victim),
      `SELECT set_config('tenantry.ctx', '${victim.tenantId}' || substr(current_setting('tenantry.ctx', true), 37), false)`,
    ],
  },
  {
    name: 'brings back the victim’s marker of an earlier transaction',
    unsigned: 'holds',
    steps: (victim, { oldMarker }) => [
      takeRole(victim),
      `SELECT set_config('tenantry.ctx', '${oldMarker}', false)`,
    ],
  },
  {
    name: 'changes the borrowed setting',
    unsigned: 'holds',
    steps: (victim) => [
      takeRole(victim),
      `SET backtrace_functions = 't_${hex(victim.tenantId)}'`,
      `SELECT set_config('backtrace_functions', 't_${hex(victim.tenantId)}', true)`,
      `DO $$ BEGIN PERFORM set_config('backtrace_functions', 't_${hex(victim.tenantId)}', false); END $$`,
      `ALTER ROLE CURRENT_USER SET backtrace_functions = 't_${hex(victim.tenantId)}'`,
      `CREATE FUNCTION public.f() RETURNS int LANGUAGE sql SET backtrace_functions = 't_${hex(victim.tenantId)}' RETURN 1`,
    ],
  },
  {
    name: 'opens the victim’s context unsigned',
    unsigned: 'crosses',
    steps: (victim) => [
      `SELECT set_config('tenantry.tenant', '', true)`,
      `SELECT tenantry.enter('${victim.tenantId}', 1, 'w')`,
      takeRole(victim),
    ],
  },
  {
    name: 'forgets its context',
    unsigned: 'crosses',
    steps: (victim) => ['RESET ALL', 'RESET ROLE', 'DISCARD PLANS', takeRole(victim), become(victim)],
  },
  {
    name: 'rolls back to before its context',
    unsigned: 'crosses',
    savepoint: 'early',
    steps: (victim) => ['ROLLBACK TO SAVEPOINT early', takeRole(victim), become(victim)],
  },
  {
    name: 'rolls back to before its context, and makes a marker up',
    unsigned: 'holds',
    savepoint: 'early',
    steps: (victim, { oldMarker }) => [
      'ROLLBACK TO SAVEPOINT early',
      takeRole(victim),
      `SELECT set_config('tenantry.ctx', '${oldMarker}', true)`,
    ],
  },
  {
    name: 'ends its transaction and begins another',
    unsigned: 'crosses',
    steps: (victim) => ['COMMIT', 'BEGIN', takeRole(victim), becomeForGood(victim)],
  },
  {
    name: 'chains another transaction to its own',
    unsigned: 'crosses',
    steps: (victim) => ['ROLLBACK AND CHAIN', takeRole(victim), become(victim)],
  },
  {
    name: 'takes every other role',
    unsigned: 'holds',
    steps: () =>
      [
        'tenantry_kit',
        'tenantry_provisioner',
        'tenantry_support',
        'postgres',
        'pg_read_all_data',
        'pg_monitor',
      ].flatMap((role) => [
        `SET ROLE ${role}`,
        `SET SESSION AUTHORIZATION ${role}`,
        `GRANT ${role} TO CURRENT_USER`,
      ]),
  },
  {
    name: 'raises its own rights',
    unsigned: 'holds',
    steps: ({ schema }) => [
      'ALTER ROLE CURRENT_USER BYPASSRLS',
      'ALTER ROLE CURRENT_USER SUPERUSER',
      'SET row_security = off',
      `ALTER TABLE ${schema}.note DISABLE ROW LEVEL SECURITY`,
      `ALTER TABLE ${schema}.note OWNER TO CURRENT_USER`,
      `DROP POLICY tenant_isolation ON ${schema}.note`,
      `CREATE POLICY mine ON ${schema}.note USING (true)`,
      `GRANT ALL ON ${schema}.note TO CURRENT_USER`,
      'SET session_replication_role = replica',
    ],
  },
  {
    name: 'reads and writes what the kit keeps',
    unsigned: 'holds',
    steps: ({ tenantId }) => [
      'SELECT * FROM tenantry.context_key',
      'SELECT * FROM tenantry.context_signing',
      `INSERT INTO tenantry.context_key VALUES (1, repeat('x', 64)::bytea, repeat('x', 64)::bytea)`,
      'UPDATE tenantry.context_signing SET unsigned_accepted = true',
      `UPDATE tenantry.fence SET access = 'open'`,
      'SELECT * FROM tenantry.route_snapshot',
      `CREATE OR REPLACE FUNCTION tenantry.current_tenant() RETURNS uuid LANGUAGE sql RETURN '${tenantId}'::uuid`,
      'DROP FUNCTION tenantry.current_tenant() CASCADE',
      'ALTER FUNCTION tenantry.current_tenant() RESET ALL',
    ],
  },
  {
    name: 'makes objects of its own',
    unsigned: 'holds',
    steps: ({ schema }) => [
      `CREATE TEMP TABLE note AS SELECT * FROM ${schema}.note`,
      `CREATE TEMP VIEW note AS SELECT * FROM ${schema}.note`,
      'CREATE TABLE public.note (id uuid)',
      'CREATE SCHEMA mine',
      `CREATE VIEW public.note AS SELECT * FROM ${schema}.note`,
      `CREATE FUNCTION public.f() RETURNS SETOF ${schema}.note LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM ${schema}.note'`,
      `CREATE FUNCTION pg_temp.current_setting(text, boolean) RETURNS text LANGUAGE sql RETURN 'x'`,
      `CREATE RULE r AS ON SELECT TO ${schema}.note DO INSTEAD SELECT 1`,
      `CREATE TRIGGER t AFTER INSERT ON ${schema}.note EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
    ],
  },
  {
    name: 'asks the catalogue, the statistics and the files',
    unsigned: 'holds',
    steps: () => [
      'SELECT * FROM pg_stats',
      'SELECT * FROM pg_statistic',
      'SELECT * FROM pg_stat_activity',
      'SELECT * FROM pg_prepared_statements, pg_cursors',
      `SELECT pg_read_file('postgresql.conf')`,
      `SELECT pg_ls_dir('.')`,
      `SELECT database_to_xml(true, true, '')::text`,
      `SELECT lo_import('/etc/passwd')`,
    ],
  },
  {
    name: 'reads whole schemas as XML',
    unsigned: 'holds',
    steps: ({ schema }) => [
      `SELECT schema_to_xml('${schema}', true, true, '')::text`,
      `SELECT table_to_xml('${schema}.note', true, true, '')::text`,
    ],
  },
  {
    name: 'lets other workers read for it',
    unsigned: 'holds',
    steps: () => [
      'SET max_parallel_workers_per_gather = 4',
      'SET parallel_setup_cost = 0',
      'SET min_parallel_table_scan_size = 0',
      'SET plan_cache_mode = force_generic_plan',
    ],
  },
  {
    name: 'prepares statements and cursors for later',
    unsigned: 'crosses',
    steps: (victim) => [
      takeRole(victim),
      `PREPARE later AS SELECT * FROM ${victim.schema}.note`,
      `DECLARE kept CURSOR WITH HOLD FOR SELECT * FROM ${victim.schema}.note`,
      become(victim),
      'EXECUTE later',
      'FETCH ALL FROM kept',
    ],
  },
  {
    name: 'looks for the names of the victim’s tables elsewhere',
    unsigned: 'holds',
    steps: (victim) => [
      takeRole(victim),
      `SET search_path TO ${victim.schema}, public`,
      'SELECT * FROM note',
    ],
  },
];
