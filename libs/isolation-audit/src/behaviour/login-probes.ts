import { type Client, DatabaseError } from 'pg';
import type { Finding } from '../finding.js';
import { connectedTo } from '../read-only.js';
import type { SubjectTable } from './subject-tables.js';
import { whatOutlivesABorrower } from './outliving-session.js';

export interface LoginProbes {
  /** The application's login, by the way that the application takes: through its pooler, if it has one. */
  readonly url: string;
  readonly tables: readonly SubjectTable[];
  /** The settings that say who is there. */
  readonly contextSettings: readonly string[];
  /** Whether to try to write a row for another tenant, in a transaction that is rolled back. */
  readonly writes: boolean;
}

const CAST_FAILED = '22P02';
const NOT_ALLOWED_BY_CHECK = '23514';
/** Errors about the row itself come after the policy has let it pass. */
const PAST_THE_POLICY = /^(22|23)/;

/** Tries, as the application, what the catalogue cannot tell. Reads no row's content; writes only when told. */
export async function probeAsLogin({
  url,
  tables,
  contextSettings,
  writes,
}: LoginProbes): Promise<Finding[]> {
  const findings = await connectedTo(url, async (client) => {
    const found: Finding[] = [];
    for (const table of tables) found.push(...(await readWithout(client, table)));
    for (const table of tables) found.push(...(await readAfter(client, table, contextSettings)));
    if (writes) for (const table of tables) found.push(...(await plantFor(client, table, contextSettings)));
    return found;
  });
  return [...findings, ...(await whatOutlivesABorrower(url, { temporaryTables: writes }))];
}

async function readWithout(client: Client, { name }: SubjectTable): Promise<Finding[]> {
  const answer = await reading(client, name);
  if (answer !== 'rows') return [];
  return [
    {
      probe: 'reads-without-context',
      hole: 1,
      severity: 'critical',
      object: { type: 'table', name },
      what: 'A new session of the application, which has named no tenant, reads rows.',
      mend: `-- let the policy on ${name} refuse without a context, and make sure that it binds this login`,
    },
  ];
}

/** The session has been a tenant's, in a transaction that is over. */
async function readAfter(
  client: Client,
  { name, strangers }: SubjectTable,
  settings: readonly string[],
): Promise<Finding[]> {
  if (!strangers || settings.length === 0) return [];
  await enter(client, settings, strangers[0]);
  await client.query('COMMIT');
  const answer = await reading(client, name);
  const about = { hole: 11, object: { type: 'table', name } } as const;
  if (answer === 'rows')
    return [
      {
        ...about,
        probe: 'reads-after-context',
        severity: 'critical',
        what: 'A session that has been in a context reads rows after its transaction is over.',
        mend: `-- let the policy on ${name} refuse an empty context as it refuses none`,
      },
    ];
  if (answer !== CAST_FAILED) return [];
  return [
    {
      ...about,
      probe: 'empty-setting',
      severity: 'medium',
      what: 'After a context the session ends in a cast error (22P02) instead of a refusal.',
      mend: `-- read NULLIF(current_setting(…, true), '') in the policy on ${name}`,
    },
  ];
}

/** A row for one stranger from the context of another: a policy answers before anything else about the row is looked at. */
async function plantFor(
  client: Client,
  { name, column, strangers }: SubjectTable,
  settings: readonly string[],
): Promise<Finding[]> {
  if (!strangers || settings.length === 0) return [];
  await enter(client, settings, strangers[0]);
  const refusal = await refusalOf(
    client.query(`INSERT INTO ${name} (${column}) VALUES ($1)`, [strangers[1]]),
  );
  await client.query('ROLLBACK');
  if (refusal && (isUnrouted(refusal) || !PAST_THE_POLICY.test(refusal.code ?? ''))) return [];
  return [
    {
      probe: 'plants-rows',
      hole: 9,
      severity: 'critical',
      object: { type: 'table', name },
      what: 'From the context of one tenant a row for another is not refused by any policy.',
      mend: `-- give the policy on ${name} a WITH CHECK that compares ${column} with the context`,
    },
  ];
}

async function enter(client: Client, settings: readonly string[], tenant: string): Promise<void> {
  await client.query('BEGIN');
  for (const setting of settings) {
    await client.query('SAVEPOINT entering');
    const refused = await refusalOf(client.query('SELECT set_config($1, $2, true)', [setting, tenant]));
    if (refused) await client.query('ROLLBACK TO entering');
  }
}

/** Whether there are rows to be read; or the code of the error. */
async function reading(client: Client, table: string): Promise<'rows' | 'none' | string> {
  await client.query('BEGIN READ ONLY');
  try {
    const { rowCount } = await client.query(`SELECT 1 FROM ${table} LIMIT 1`);
    return rowCount ? 'rows' : 'none';
  } catch (error) {
    if (error instanceof DatabaseError && error.code) return error.code;
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** A parted table that has no part for such a row says so before any policy is asked: nothing is known of it. */
function isUnrouted({ code, constraint }: DatabaseError): boolean {
  return code === NOT_ALLOWED_BY_CHECK && constraint === undefined;
}

/** The error that a statement ends in; undefined when it succeeds. */
async function refusalOf(statement: Promise<unknown>): Promise<DatabaseError | undefined> {
  try {
    await statement;
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
}
