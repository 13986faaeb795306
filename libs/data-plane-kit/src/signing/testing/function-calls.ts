import type { Pool } from 'pg';
import { KEY, type AppSession } from './signed-world.js';
import type { Victim } from './attacker.js';

/** One function of schema `tenantry`, and calls of it with arguments that could do something. */
export interface CalledFunction {
  readonly name: string;
  readonly calls: readonly string[];
}

/** At most so many calls of one function. */
const MOST = 12;

/** Every function that the catalogue has, so that one which is added is tried too. */
export async function functionCalls(
  admin: Pool,
  victim: Victim,
  session: AppSession,
): Promise<CalledFunction[]> {
  const { rows } = await admin.query<{ name: string; types: string[] }>(
    `SELECT p.proname AS name, ARRAY(SELECT t::regtype::text FROM unnest(p.proargtypes) WITH ORDINALITY u(t, n) ORDER BY n) AS types
     FROM pg_proc p WHERE p.pronamespace = 'tenantry'::regnamespace ORDER BY p.proname, p.pronargs`,
  );
  return rows.map(({ name, types }) => {
    const choices = types.map((type) => argumentsOf(type, victim, session));
    const lists = combined(choices).slice(0, MOST);
    return {
      name: `${name}(${types.join(', ')})`,
      calls: lists.map((list) => `SELECT tenantry.${name}(${list.join(', ')})`),
    };
  });
}

function argumentsOf(type: string, { tenantId, schema }: Victim, { backendPid }: AppSession): string[] {
  switch (type) {
    case 'uuid':
      return [`'${tenantId}'`];
    case 'text':
      return [`'w'`, `'r'`, `'open'`, `'keep'`, `'write'`, `'${schema}'`];
    case 'bigint':
      return ['1', String(Date.now() + 20_000)];
    case 'integer':
      return [String(KEY.id), String(backendPid), '0'];
    case 'bytea':
      return [`'\\x00'`];
    case 'boolean':
      return ['true'];
    case 'timestamp with time zone':
      return [`now() + interval '1 hour'`];
    default:
      return [`NULL::${type}`];
  }
}

/** Every way to take one of each; nothing but the empty list for no arguments. */
function combined(choices: readonly string[][]): string[][] {
  return choices.reduce<string[][]>(
    (lists, options) => options.flatMap((option) => lists.map((list) => [...list, option])),
    [[]],
  );
}
