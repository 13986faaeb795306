import type { Client } from 'pg';
import type { Finding } from '../finding.js';
import { connectedTo } from '../read-only.js';

/** How many borrowers look for what the first one left: a pool has more than one connection to lend. */
const BORROWERS = 4;

const LEFT = {
  setting: 'tenantry_audit.planted',
  statement: 'tenantry_audit_planted',
  table: 'tenantry_audit_planted',
} as const;

interface Left {
  readonly setting: boolean;
  readonly statement: boolean;
  readonly table: boolean;
}

/**
 * Leaves a setting, a prepared statement and, when told, a temporary table in a session, disconnects, and looks whether the next to
 * connect gets them. A direct connection gives each its own session; a pooler may not.
 */
export async function whatOutlivesABorrower(
  url: string,
  { temporaryTables }: { readonly temporaryTables: boolean },
): Promise<Finding[]> {
  await connectedTo(url, async (client) => {
    await client.query(`SELECT set_config('${LEFT.setting}', 'left', false)`);
    await client.query(`PREPARE ${LEFT.statement} AS SELECT 1`);
    if (temporaryTables) await client.query(`CREATE TEMPORARY TABLE ${LEFT.table} ()`).catch(() => undefined);
  });
  const seen = { setting: false, statement: false, table: false };
  for (let borrower = 0; borrower < BORROWERS; borrower += 1) {
    const left = await connectedTo(url, takeAway);
    for (const kind of ['setting', 'statement', 'table'] as const) seen[kind] ||= left[kind];
  }
  return findingsOf(seen, new URL(url).host);
}

/** Looks for what was left, and clears it. */
async function takeAway(client: Client): Promise<Left> {
  const { rows } = await client.query<Left>(
    `SELECT coalesce(current_setting('${LEFT.setting}', true), '') = 'left' AS setting,
       EXISTS (SELECT FROM pg_prepared_statements WHERE name = '${LEFT.statement}') AS statement,
       to_regclass('pg_temp.${LEFT.table}') IS NOT NULL AS table`,
  );
  const left = rows[0]!;
  if (left.setting) await client.query(`SELECT set_config('${LEFT.setting}', '', false)`);
  if (left.statement) await client.query(`DEALLOCATE ${LEFT.statement}`);
  if (left.table) await client.query(`DROP TABLE pg_temp.${LEFT.table}`);
  return left;
}

const RESET =
  "server_reset_query = DISCARD ALL with server_reset_query_always = 1 in pgbouncer, and nothing of a session's in the application";

function findingsOf({ setting, statement, table }: Left, host: string): Finding[] {
  const object = { type: 'pool', name: host };
  return [
    ...(setting
      ? [
          {
            probe: 'setting-outlives-borrower',
            hole: 12,
            severity: 'high' as const,
            object,
            what: 'A SET of one client is there for the next, disconnected or not: a tenant set for the session becomes the next borrower.',
            mend: `-- set contexts with SET LOCAL only; ${RESET}`,
          },
        ]
      : []),
    ...(statement
      ? [
          {
            probe: 'statement-outlives-borrower',
            hole: 31,
            severity: 'high' as const,
            object,
            what: "A PREPARE of one client is there for the next: planted under the driver's name it takes the place of the statement that opens the context.",
            mend: `-- send the statement that opens a context unnamed and schema-qualified; ${RESET}`,
          },
        ]
      : []),
    ...(table
      ? [
          {
            probe: 'table-outlives-borrower',
            hole: 32,
            severity: 'high' as const,
            object,
            what: "A temporary table of one client is there for the next: it takes the place of a tenant's table, and the next borrower's rows land in it.",
            mend: `REVOKE TEMPORARY ON DATABASE … FROM PUBLIC; -- and ${RESET}`,
          },
        ]
      : []),
  ];
}
