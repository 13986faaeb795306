import { ISOLATIONS, type Isolation } from '@tenantry/contracts';

/** How many tenants of each model may be on a cluster; a model that is left out is not limited. */
export type Capacity = Readonly<Partial<Record<Isolation, number>>>;

/** The same with every model; `null`: as many as come. */
export type Limits = Readonly<Record<Isolation, number | null>>;

/** How many tenants of each model are there. */
export type Tenants = Readonly<Record<Isolation, number>>;

export const NOBODY: Tenants = { pooled: 0, schema: 0, database: 0 };

/** The capacity with some limits said anew: each model stands for itself, and `null` takes its limit away. */
export function withLimits(capacity: Capacity, said: Partial<Limits>): Capacity {
  const limits = ISOLATIONS.flatMap((model) => {
    const limit = said[model] === undefined ? capacity[model] : said[model];
    return typeof limit === 'number' ? [[model, limit] as const] : [];
  });
  return Object.fromEntries(limits);
}

export function limitsOf({ pooled, schema, database }: Capacity): Limits {
  return { pooled: pooled ?? null, schema: schema ?? null, database: database ?? null };
}
