import type { AuditOptions } from '../audit-options.js';
import type { Severity } from '../finding.js';
import { APP, schemaOf, TENANT_A, TENANT_B } from './clean-database.js';

/** A hole, made alone in the clean database inside a transaction that is rolled back. */
export interface PlantedHole {
  readonly hole: number;
  /** The probe that must name it. */
  readonly probe: string;
  /** What must be named. */
  readonly object: string;
  readonly sql: string;
  readonly options?: AuditOptions;
  /** How bad it must be called, where that is not the same for all findings of the probe. */
  readonly severity?: Severity;
  /** Other probes of the same hole that speak up too. */
  readonly also?: readonly string[];
}

const A = schemaOf(TENANT_A);
const B = schemaOf(TENANT_B);

export const PLANTED_HOLES: readonly PlantedHole[] = [
  {
    hole: 1,
    probe: 'rls-off',
    object: 'app.customer',
    sql: 'ALTER TABLE app.customer DISABLE ROW LEVEL SECURITY',
  },
  {
    hole: 1,
    probe: 'rls-off',
    object: 'app.draft',
    sql: `CREATE TABLE app.draft (tenant_id uuid NOT NULL, text text); GRANT SELECT (text) ON app.draft TO ${APP.name}`,
    severity: 'critical',
  },
  {
    hole: 1,
    probe: 'rls-off',
    object: 'app.archive',
    sql: 'CREATE TABLE app.archive (tenant_id uuid NOT NULL)',
    severity: 'low',
  },
  {
    hole: 1,
    probe: 'rls-off',
    object: 'app.basket',
    sql: `CREATE TABLE app.basket (account uuid NOT NULL); GRANT SELECT ON app.basket TO ${APP.name}`,
    options: { tenantColumns: ['tenant_id', 'account'] },
  },
  {
    hole: 1,
    probe: 'undeclared-table',
    object: 'app.country',
    sql: `CREATE TABLE app.country (code text); GRANT SELECT ON app.country TO PUBLIC`,
  },
  {
    hole: 2,
    probe: 'rls-not-forced',
    object: 'app.invoice',
    sql: 'ALTER TABLE app.invoice NO FORCE ROW LEVEL SECURITY',
  },
  {
    hole: 2,
    probe: 'app-owns-table',
    object: 'app.invoice',
    sql: `ALTER TABLE app.invoice OWNER TO ${APP.name}`,
  },
  {
    hole: 2,
    probe: 'app-owns-table',
    object: 'app.customer',
    sql: `CREATE ROLE shop_back NOLOGIN; GRANT shop_back TO ${APP.name}; ALTER TABLE app.customer OWNER TO shop_back`,
  },
  { hole: 3, probe: 'reachable-power', object: APP.name, sql: `ALTER ROLE ${APP.name} BYPASSRLS` },
  { hole: 3, probe: 'reachable-power', object: APP.name, sql: `ALTER ROLE ${APP.name} SUPERUSER` },
  {
    hole: 3,
    probe: 'reachable-power',
    object: 'shop_root',
    sql: `CREATE ROLE shop_middle; CREATE ROLE shop_root CREATEROLE; GRANT shop_root TO shop_middle; GRANT shop_middle TO ${APP.name}`,
  },
  {
    hole: 3,
    probe: 'reachable-power',
    object: 'pg_read_all_data',
    sql: `GRANT pg_read_all_data TO ${APP.name}`,
  },
  {
    hole: 4,
    probe: 'owner-rights-view',
    object: 'app.all_debtors',
    sql: `CREATE VIEW app.all_debtors AS SELECT * FROM app.debtor; GRANT SELECT ON app.all_debtors TO ${APP.name}`,
    severity: 'critical',
  },
  {
    hole: 4,
    probe: 'owner-rights-view',
    object: 'app.own_debtors',
    sql: `CREATE VIEW app.own_debtors AS SELECT * FROM app.debtor; ALTER VIEW app.own_debtors OWNER TO shop_owner; GRANT SELECT ON app.own_debtors TO ${APP.name}`,
    severity: 'medium',
  },
  {
    hole: 4,
    probe: 'owner-rights-view',
    object: 'app.debtor',
    sql: 'ALTER VIEW app.debtor RESET (security_invoker)',
  },
  {
    hole: 5,
    probe: 'materialized-view',
    object: 'app.totals',
    sql: `CREATE MATERIALIZED VIEW app.totals AS SELECT tenant_id, sum(total) FROM app.invoice GROUP BY 1; GRANT SELECT ON app.totals TO ${APP.name}`,
  },
  {
    hole: 6,
    probe: 'definer-function',
    object: 'app.every_customer()',
    sql: `CREATE FUNCTION app.every_customer() RETURNS SETOF app.customer LANGUAGE sql SECURITY DEFINER SET search_path = app, pg_temp AS 'SELECT * FROM app.customer'`,
  },
  {
    hole: 6,
    probe: 'definer-function',
    object: 'app.customers_of_all()',
    sql: `CREATE FUNCTION app.customers_of_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = app, pg_temp AS 'SELECT count(*) FROM app.customer';
          ALTER FUNCTION app.customers_of_all() OWNER TO shop_owner`,
  },
  {
    hole: 7,
    probe: 'definer-search-path',
    object: 'app.enter(t uuid)',
    sql: 'ALTER FUNCTION app.enter(uuid) RESET search_path',
  },
  {
    hole: 7,
    probe: 'definer-search-path',
    object: 'app.enter(t uuid)',
    sql: 'ALTER FUNCTION app.enter(uuid) SET search_path = app',
  },
  {
    hole: 8,
    probe: 'policy-true',
    object: 'tenant on app.customer',
    sql: 'ALTER POLICY tenant ON app.customer USING (true)',
  },
  {
    hole: 8,
    probe: 'policies-ored',
    object: 'app.customer',
    sql: `CREATE POLICY vip ON app.customer FOR SELECT TO ${APP.name} USING (email = current_user)`,
  },
  {
    hole: 8,
    probe: 'policy-true',
    object: 'present on app.customer',
    sql: 'CREATE POLICY present ON app.customer FOR SELECT USING (tenant_id IS NOT NULL)',
    also: ['policies-ored'],
  },
  {
    hole: 8,
    probe: 'policy-alternative',
    object: 'tenant on app.invoice',
    sql: `ALTER POLICY tenant ON app.invoice USING (tenant_id = (SELECT app.current_tenant()) OR total = 0)`,
  },
  {
    hole: 9,
    probe: 'check-open',
    object: 'tenant on app.customer',
    sql: 'ALTER POLICY tenant ON app.customer WITH CHECK (true)',
  },
  {
    hole: 10,
    probe: 'immutable-helper',
    object: 'app.current_tenant()',
    sql: 'ALTER FUNCTION app.current_tenant() IMMUTABLE',
  },
  {
    hole: 11,
    probe: 'empty-setting',
    object: 'app.current_tenant()',
    sql: `CREATE OR REPLACE FUNCTION app.current_tenant() RETURNS uuid LANGUAGE plpgsql STABLE AS $$
          BEGIN IF current_setting('app.tenant', true) IS NULL THEN RAISE EXCEPTION 'no tenant'; END IF;
          RETURN current_setting('app.tenant', true)::uuid; END $$`,
  },
  {
    hole: 12,
    probe: 'context-preset',
    object: `app.tenant of ${APP.name}`,
    sql: `ALTER ROLE ${APP.name} SET app.tenant = '${TENANT_A}'`,
  },
  {
    hole: 14,
    probe: 'silent-without-context',
    object: 'tenant on app.customer',
    sql: `ALTER POLICY tenant ON app.customer USING (tenant_id = NULLIF(current_setting('app.tenant', true), '')::uuid)`,
  },
  { hole: 15, probe: 'app-owns-objects', object: APP.name, sql: `ALTER SCHEMA app OWNER TO ${APP.name}` },
  {
    hole: 15,
    probe: 'no-bound-login',
    object: 'shop',
    sql: `ALTER ROLE ${APP.name} NOLOGIN`,
    options: { appRoles: [] },
  },
  { hole: 16, probe: 'context-forgeable', object: 'shop', sql: '', options: { requireInjectionSafe: true } },
  {
    hole: 17,
    probe: 'partition-open',
    object: 'app.event_2026',
    sql: `GRANT SELECT ON app.event_2026 TO ${APP.name}`,
  },
  {
    hole: 18,
    probe: 'unique-without-tenant',
    object: 'app.customer_email',
    sql: 'CREATE UNIQUE INDEX customer_email ON app.customer (lower(email))',
  },
  {
    hole: 19,
    probe: 'reference-without-tenant',
    object: 'invoice_replaces on app.invoice',
    sql: `ALTER TABLE app.customer ADD CONSTRAINT customer_id UNIQUE (id, tenant_id); ALTER TABLE app.invoice ADD COLUMN of_tenant uuid;
          ALTER TABLE app.invoice ADD CONSTRAINT invoice_replaces FOREIGN KEY (customer_id, of_tenant) REFERENCES app.customer (id, tenant_id)`,
  },
  ...['TRUNCATE', 'REFERENCES', 'TRIGGER'].map((privilege) => ({
    hole: 20,
    probe: 'beyond-rows',
    object: 'app.customer',
    sql: `GRANT ${privilege} ON app.customer TO ${APP.name}`,
  })),
  {
    hole: 21,
    probe: 'sequence-readable',
    object: 'app.counter',
    sql: `CREATE SEQUENCE app.counter; ALTER SEQUENCE app.counter OWNER TO shop_owner; GRANT SELECT ON SEQUENCE app.counter TO ${APP.name}`,
  },
  {
    hole: 21,
    probe: 'serial-ids',
    object: 'app.invoice.number',
    sql: 'ALTER TABLE app.invoice ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY, ADD UNIQUE (tenant_id, number)',
  },
  {
    hole: 22,
    probe: 'logical-decoding',
    object: 'everything',
    sql: 'CREATE PUBLICATION everything FOR TABLE app.customer',
  },
  {
    hole: 22,
    probe: 'logical-decoding',
    object: 'shop_copier',
    sql: 'CREATE ROLE shop_copier LOGIN REPLICATION; GRANT CONNECT ON DATABASE shop TO shop_copier',
  },
  {
    hole: 24,
    probe: 'leakproof-function',
    object: 'app.starts(a text, b text)',
    sql: `CREATE FUNCTION app.starts(a text, b text) RETURNS boolean LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT starts_with(a, b)'`,
  },
  {
    hole: 25,
    probe: 'engine-unpatched',
    object: 'PostgreSQL',
    sql: '',
    options: { minimumMinors: { 15: 99, 16: 99, 17: 99, 18: 99 } },
  },
  {
    hole: 26,
    probe: 'name-cut-off',
    object: `customer_${'x'.repeat(54)}`,
    sql: `CREATE SCHEMA customer_${'x'.repeat(70)}`,
  },
  { hole: 27, probe: 'schema-crossover', object: `${B} for ${A}`, sql: `GRANT USAGE ON SCHEMA ${B} TO ${A}` },
  {
    hole: 27,
    probe: 'schema-crossover',
    object: `${A} for PUBLIC`,
    sql: `GRANT USAGE ON SCHEMA ${A} TO PUBLIC`,
  },
  {
    hole: 27,
    probe: 'shared-fallback',
    object: 'public.note',
    sql: 'CREATE TABLE public.note (id uuid PRIMARY KEY, text text); GRANT SELECT ON public.note TO PUBLIC',
    options: { globalTables: ['app.currency', 'public.note'] },
  },
  {
    hole: 27,
    probe: 'app-creates-objects',
    object: 'public',
    sql: `GRANT CREATE ON SCHEMA public TO PUBLIC`,
  },
  { hole: 28, probe: 'database-open', object: 'shop', sql: 'GRANT CONNECT ON DATABASE shop TO PUBLIC' },
  {
    hole: 29,
    probe: 'foreign-access',
    object: 'elsewhere',
    sql: 'CREATE FOREIGN DATA WRAPPER far; CREATE SERVER elsewhere FOREIGN DATA WRAPPER far',
  },
  {
    hole: 30,
    probe: 'rows-in-notifications',
    object: 'app.tell()',
    sql: `CREATE FUNCTION app.tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('changes', row_to_json(NEW)::text); RETURN NULL; END $$;
          CREATE TRIGGER tell AFTER INSERT ON app.customer FOR EACH ROW EXECUTE FUNCTION app.tell()`,
  },
  {
    hole: 32,
    probe: 'temporary-tables',
    object: 'shop',
    sql: `GRANT TEMPORARY ON DATABASE shop TO ${APP.name}`,
  },
  {
    hole: 33,
    probe: 'advisory-locks-open',
    object: 'shop',
    sql: 'GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC',
  },
  {
    hole: 34,
    probe: 'statistics-of-others',
    object: 'pg_read_all_stats',
    sql: `GRANT pg_read_all_stats TO ${APP.name}`,
  },
  {
    hole: 35,
    probe: 'global-table-writable',
    object: 'app.currency',
    sql: `GRANT INSERT ON app.currency TO ${APP.name}`,
  },
  {
    hole: 36,
    probe: 'lock-before-snapshot',
    object: 'app.enter(t uuid)',
    sql: 'ALTER FUNCTION app.enter(uuid) STABLE',
  },
  { hole: 37, probe: 'guard-missing', object: A, sql: `ALTER TABLE ${A}.note DISABLE ROW LEVEL SECURITY` },
  { hole: 37, probe: 'guard-missing', object: A, sql: `ALTER TABLE ${A}.note NO FORCE ROW LEVEL SECURITY` },
  { hole: 37, probe: 'guard-missing', object: B, sql: `DROP POLICY guard ON ${B}.note` },
  {
    hole: 37,
    probe: 'guard-missing',
    object: B,
    sql: `ALTER POLICY guard ON ${B}.note USING ((SELECT app.current_tenant()) = '${TENANT_A}')`,
  },
];
