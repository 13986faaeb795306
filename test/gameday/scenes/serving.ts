import type { Scene } from './scene.ts';

/** Long enough for every request to take more than half a second: it needs a round trip or two. */
const DELAY_MS = 300;
/** More than a process has connections to a cluster. */
const TOO_MANY = 30;

export const API_SLOW: Scene = {
  trouble: 'the way from the API to its database takes 0.3 s each way',
  alerts: ['TenantryApiLatencyBudgetBurn critical', 'TenantryApiLatencyBudgetBurn warning'],
  cause: async ({ system }) => system.link('api', 'postgres').delay(DELAY_MS),
  mend: async ({ system }) => system.link('api', 'postgres').heal(),
};

export const API_FAILS: Scene = {
  trouble: 'the API is cut off from its database',
  alerts: ['TenantryApiErrorBudgetBurn critical', 'TenantryApiErrorBudgetBurn warning'],
  cause: async ({ system }) => system.link('api', 'postgres').cut(),
  mend: async ({ system }) => system.link('api', 'postgres').heal(),
};

export const SERVICE_AWAY: Scene = {
  trouble: 'a service is cut off from its database while tenants are made',
  alerts: ['TenantryIsolationAuditLate', 'TenantryConsumerFailing'],
  cause: async (stage) => {
    stage.system.link('data-plane', 'postgres').cut();
    stage.repeat('tenants', 1000, () => stage.create());
  },
  mend: async (stage) => {
    await stage.endRepeating('tenants');
    stage.system.link('data-plane', 'postgres').heal();
  },
};

/** Lets go of the table that somebody has locked. */
let letGo = async (): Promise<void> => {};

export const SERVICE_BLOCKED: Scene = {
  trouble: "somebody's open transaction holds a table that every request needs",
  alerts: [
    'TenantryPoolExhausted',
    'TenantryServiceErrorBudgetBurn critical',
    'TenantryServiceErrorBudgetBurn warning',
    'TenantryServiceLatencyBudgetBurn critical',
    'TenantryServiceLatencyBudgetBurn warning',
  ],
  cause: async (stage) => {
    const as = stage.system.data.with({ 'tenantry-tenant': stage.served });
    letGo = await stage.lock('data-plane', 'pooled_primary.project', 'ACCESS EXCLUSIVE');
    for (let n = 0; n < TOO_MANY; n += 1) stage.repeat(`request ${n}`, 100, () => as.get('/v1/projects'));
  },
  mend: async (stage) => {
    await letGo();
    for (let n = 0; n < TOO_MANY; n += 1) await stage.endRepeating(`request ${n}`);
  },
};

export const MIGRATIONS_PENDING: Scene = {
  trouble: 'the database lacks a migration that the processes need',
  alerts: ['TenantryMigrationsPending'],
  cause: async (stage) => {
    await stage.rows(
      'control-plane',
      `CREATE TABLE public.set_aside AS SELECT * FROM tenantry.migration ORDER BY name DESC LIMIT 1;
       DELETE FROM tenantry.migration WHERE name IN (SELECT name FROM public.set_aside)`,
    );
  },
  mend: async (stage) => {
    await stage.rows(
      'control-plane',
      'INSERT INTO tenantry.migration SELECT * FROM public.set_aside; DROP TABLE public.set_aside',
    );
  },
};
