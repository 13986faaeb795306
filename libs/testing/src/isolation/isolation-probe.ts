import { DatabaseError, type Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { inlined, type CrossingStatement } from './crossing-statements.js';
import type { StagedTenant } from './isolation-stage.js';

export const SITUATIONS = ['as another tenant', 'without a context', 'after the context ended'] as const;
export type Situation = (typeof SITUATIONS)[number];
/** `simple`: the values in the text; `prepared`: bound, and directly by a named statement that was planned in the victim's own context. */
export const PROTOCOLS = ['simple', 'prepared'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
/** `pooled`: through a pooler in transaction mode, where there is one, and else on connections that others had before. */
export const PATHS = ['direct', 'pooled'] as const;
export type Path = (typeof PATHS)[number];

/** One attempt to reach a tenant's rows from where they must not be reached. */
export interface Probe {
  readonly victim: StagedTenant;
  readonly table: string;
  readonly statement: CrossingStatement;
  readonly situation: Situation;
  /** In whose context, where it is another tenant's. */
  readonly attacker: StagedTenant | undefined;
  /** The role that is switched to before the attempt: nothing keeps a statement from switching to any that its login may use. */
  readonly role: string | undefined;
  readonly protocol: Protocol;
  readonly path: Path;
}

/** What came of it: refused (or nothing seen), rows read or written, or something that nobody expected. */
export type Outcome =
  | { readonly kind: 'refused' }
  | { readonly kind: 'crossed'; readonly rows: number }
  | { readonly kind: 'unexpected'; readonly error: string };

/** No right, no context, a tenant that is not there. */
const REFUSALS = ['42501', 'TN001', 'TN002'];

/** Makes the attempt on a connection of the login that serves the victim; whatever it did is rolled back. */
export async function probe(client: Client, { path, ...attempt }: Probe): Promise<Outcome> {
  const { victim, statement, situation, attacker, role, protocol } = attempt;
  try {
    const named = protocol === 'prepared' && path === 'direct' ? nameOf(statement) : undefined;
    if (named !== undefined) await planAsVictim(client, victim, statement, named);
    if (situation === 'after the context ended') {
      await client.query(`${entering(victim, victim.role)}; SELECT tenantry.current_tenant(); COMMIT`);
    }
    await client.query(
      situation === 'as another tenant' && attacker ? entering(attacker, undefined) : 'BEGIN',
    );
    if (role !== undefined) await client.query(`SET LOCAL ROLE ${escapeIdentifier(role)}`);
    const crossed = await reach(client, statement, protocol, named);
    const rows = crossed.filter(({ owner }) => owner === victim.id).length;
    return rows > 0 ? { kind: 'crossed', rows } : { kind: 'refused' };
  } catch (error) {
    if (error instanceof DatabaseError && REFUSALS.includes(error.code ?? '')) return { kind: 'refused' };
    return { kind: 'unexpected', error: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Whether the victim itself reaches rows by the statement: one that reaches none anywhere would prove nothing. */
export async function reachesItsOwn(
  client: Client,
  victim: StagedTenant,
  statement: CrossingStatement,
): Promise<boolean> {
  try {
    await client.query(entering(victim, victim.role));
    const rows = await reach(client, statement, 'simple', undefined);
    return rows.some(({ owner }) => owner === victim.id) || statement.text.includes('ON CONFLICT');
  } catch (error) {
    // A key that is there already, or one that is referred to: row security has let it through.
    if (error instanceof DatabaseError && ['23505', '23503'].includes(error.code ?? '')) return true;
    throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

/** What opens a tenant's transaction, as the kit does it, in one message. */
function entering({ entry, schema }: StagedTenant, role: string | undefined): string {
  const switched = role === undefined ? '' : `; SET LOCAL ROLE ${escapeIdentifier(role)}`;
  return `BEGIN; SELECT ${entry()}${switched}; SET LOCAL search_path TO ${escapeIdentifier(schema)}, pg_temp`;
}

async function reach(
  client: Client,
  statement: CrossingStatement,
  protocol: Protocol,
  name: string | undefined,
): Promise<{ owner: string }[]> {
  if (protocol === 'simple') return (await client.query<{ owner: string }>(inlined(statement))).rows;
  const { text, values } = statement;
  return (await client.query<{ owner: string }>({ ...(name && { name }), text, values: [...values] })).rows;
}

const planned = new WeakMap<Client, Set<string>>();

/** Has the plan made in the victim's context: one that kept what it saw there would be the next one's way in. */
async function planAsVictim(
  client: Client,
  victim: StagedTenant,
  statement: CrossingStatement,
  name: string,
): Promise<void> {
  const known = planned.get(client) ?? new Set();
  planned.set(client, known);
  if (known.has(name)) return;
  known.add(name);
  try {
    await client.query(`SET plan_cache_mode = force_generic_plan; ${entering(victim, victim.role)}`);
    await reach(client, statement, 'prepared', name);
  } catch (error) {
    if (!(error instanceof DatabaseError && ['23505', '23503'].includes(error.code ?? ''))) throw error;
  } finally {
    await client.query('ROLLBACK');
  }
}

const names = new WeakMap<CrossingStatement, string>();
let named = 0;

function nameOf(statement: CrossingStatement): string {
  const name = names.get(statement) ?? `crossing_${(named += 1)}`;
  names.set(statement, name);
  return name;
}
