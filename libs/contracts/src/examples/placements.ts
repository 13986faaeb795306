import type { Placement, RouteRecord } from '../messages.js';

/** Where the example's tenant lives: in shared tables. */
export const POOLED: Placement = {
  store: 'primary',
  isolation: 'pooled',
  cluster: 'default',
  database: null,
  schema: null,
};

/** The same with a schema of its own. */
export const OWN_SCHEMA: Placement = {
  store: 'primary',
  isolation: 'schema',
  cluster: 'eu-1',
  database: null,
  schema: 't_0199f2a47c1e7a308f543d6a0f9b2c11_primary',
};

/** Its route as it is while requests are let in. */
export const OPEN_ROUTE: RouteRecord = { ...POOLED, access: 'open', generation: 1, revision: 2 };

/** Its route once it is suspended. */
export const FROZEN_ROUTE: RouteRecord = { ...POOLED, access: 'frozen', generation: 2, revision: 3 };
