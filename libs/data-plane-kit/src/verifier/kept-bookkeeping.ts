import type { SqlExecutor } from '@tenantry/database';

/** The schema of the kit's bookkeeping. */
const SCHEMA = 'tenantry';

/** The table that says when a tenant's purge has begun. */
export const TOMBSTONE = `${SCHEMA}.tombstone`;

interface KeptTable {
  /** The migration of the kit that makes it. */
  readonly migration: string;
  /** All its columns with their types, in the order of the alphabet. */
  readonly columns: readonly string[];
  /** Those that a later migration of the kit has added. */
  readonly added?: { readonly migration: string; readonly columns: readonly string[] };
}

const CONSUMER = 'consumer-0001-bookkeeping';
const RECOVERIES = 'consumer-0002-recoveries';
const KIT = 'kit-0001-bookkeeping';
const TIME = 'timestamp with time zone';

/**
 * The tables of the kit that still name a tenant after its purge, with its id, numbers and times and nothing of its data:
 * the tombstone, how far each participant has come, and what support has done. A fence or a marker is not among them; the purge removes both.
 */
const KEPT: Readonly<Record<string, KeptTable>> = {
  tombstone: {
    migration: KIT,
    columns: [`buried_at ${TIME}`, 'footprint json', 'generation bigint', 'tenant_id uuid'],
  },
  route_snapshot: {
    migration: KIT,
    columns: ['record json', 'tenant_id uuid', 'tenant_seq numeric', 'version bigint'],
  },
  consumer_position: {
    migration: CONSUMER,
    columns: ['grp text', 'last_seq bigint', 'tenant_id uuid'],
    added: { migration: RECOVERIES, columns: ['reloaded_seq bigint'] },
  },
  parked_fact: {
    migration: CONSUMER,
    columns: [
      'attempts integer',
      'envelope json',
      'error text',
      'event_id text',
      'grp text',
      `parked_at ${TIME}`,
      'tenant_id uuid',
      'tenant_seq bigint',
      'type text',
    ],
    added: { migration: RECOVERIES, columns: ['stack text'] },
  },
  recovery: {
    migration: RECOVERIES,
    columns: [
      'applied integer',
      'attempt bigint',
      'attempts integer',
      'begun boolean',
      `due_at ${TIME}`,
      'error text',
      `finished_at ${TIME}`,
      'generation bigint',
      'grp text',
      'kind text',
      'outcome text',
      'parts integer',
      'parts_seen integer[]',
      `received_at ${TIME}`,
      'request_id uuid',
      'tenant_id uuid',
      'tenant_seq bigint',
      'traceparent text',
    ],
  },
  inbox: {
    migration: CONSUMER,
    columns: [
      'attempt bigint',
      'attempts integer',
      `due_at ${TIME}`,
      'generation bigint',
      'lease bigint',
      `lease_until ${TIME}`,
      'operation_id uuid',
      'payload json',
      `received_at ${TIME}`,
      'tenant_id uuid',
      'traceparent text',
      'type text',
      'version bigint',
    ],
  },
  support_action: {
    migration: 'kit-0010-cross-tenant',
    columns: [
      'access text',
      'actor text',
      `expires_at ${TIME}`,
      'grant_id uuid',
      'id uuid',
      'login text',
      'reason text',
      `recorded_at ${TIME}`,
      'statement text',
      'tenant_id uuid',
      'written_in xid8',
    ],
  },
  answer: {
    migration: CONSUMER,
    columns: [
      `answered_at ${TIME}`,
      'attempt bigint',
      'evidence json',
      'generation bigint',
      'operation_id uuid',
      'tenant_id uuid',
    ],
  },
};

const MIGRATION_COLUMNS = [`applied_at ${TIME}`, 'checksum text', 'name text'];

/**
 * The tables of this database that are the kit's and may keep the tenant's id, as `schema.table`. A name alone is not enough:
 * the kit must have made them here, by its own record, and they must have its columns and no others.
 */
export async function keptTables(sql: SqlExecutor): Promise<ReadonlySet<string>> {
  const found = await sql.query<{ table: string; columns: string[] }>(
    `SELECT c.relname::text AS "table",
       array_agg(concat(a.attname, ' ', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attname) AS columns
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE n.nspname = $1 AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
     GROUP BY c.relname`,
    [SCHEMA],
  );
  const columnsOf = new Map(found.map(({ table, columns }) => [table, columns]));
  if (!same(columnsOf.get('migration'), MIGRATION_COLUMNS)) return new Set();
  const applied = await sql.query<{ name: string }>(`SELECT name FROM ${SCHEMA}.migration`);
  const made = new Set(applied.map(({ name }) => name));
  return new Set(
    Object.entries(KEPT)
      .filter(
        ([table, kept]) => made.has(kept.migration) && same(columnsOf.get(table), columnsIn(made, kept)),
      )
      .map(([table]) => `${SCHEMA}.${table}`),
  );
}

/** What a database of this level has: the scanned one may be older than this build. */
function columnsIn(made: ReadonlySet<string>, { columns, added }: KeptTable): readonly string[] {
  return added && made.has(added.migration) ? [...columns, ...added.columns] : columns;
}

function same(columns: readonly string[] | undefined, expected: readonly string[]): boolean {
  return columns?.length === expected.length && columns.every((column) => expected.includes(column));
}
