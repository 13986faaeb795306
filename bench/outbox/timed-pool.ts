import type { Pool } from 'pg';

/** What the relay asks the database, by how its statements begin. */
const KINDS = {
  read: 'SELECT * FROM tenantry.read_outbox',
  claim: 'WITH turn AS',
  remove: 'DELETE FROM tenantry.outbox_pending',
} as const;

export type Kind = keyof typeof KINDS;

/** A statement that was run through the pool. */
export interface Timed {
  readonly kind: Kind;
  readonly text: string;
  readonly params: unknown[];
  /** `performance.now()` at its beginning. */
  readonly at: number;
  readonly ms: number;
  readonly rows: number;
}

type Query = (text: string, params: unknown[]) => Promise<{ rows: unknown[] }>;

/** The same pool, which notes what the relay asks and how long each answer takes. */
export function timedPool(pool: Pool, note: (timed: Timed) => void): Pool {
  const query: Query = async (text, params) => {
    const kind = (Object.keys(KINDS) as Kind[]).find((one) => text.trimStart().startsWith(KINDS[one]));
    const at = performance.now();
    const answer = await pool.query<object>(text, params);
    if (kind) note({ kind, text, params, at, ms: performance.now() - at, rows: answer.rows.length });
    return answer;
  };
  return new Proxy(pool, {
    get: (target, name) => {
      if (name === 'query') return query;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
