import type { SqlExecutor } from '@tenantry/database';
import type { RouteCache } from '../route-cache.js';
import { judgeTenant } from './judge-tenant.js';
import type { OrphanFinding } from './orphan-report.js';
import { readTenantFacts, tenantsWithBookkeeping } from './tenant-facts.js';
import { readTenantObjects, type TenantObject } from './tenant-objects.js';
import type { Home, TenantSituation } from './tenant-situation.js';

/** Tenants read and judged at once. */
const BATCH = 500;

/** What was found of some tenants. */
export interface Compared {
  readonly tenants: readonly TenantSituation[];
  readonly findings: readonly OrphanFinding[];
}

/**
 * Goes through every tenant that has a state record, bookkeeping here, or an object named for it. What is read of a tenant
 * is read one after the other while it may change, so a finding counts only when a second look at the tenant has it too.
 */
export async function* compareTenants(
  sql: SqlExecutor,
  home: Home,
  routes: RouteCache,
): AsyncGenerator<Compared> {
  const objects = byTenant(await readTenantObjects(sql));
  for await (const tenantIds of batches(sql, routes, objects)) {
    const tenants = await look(sql, routes, tenantIds, objects);
    const findings = tenants.flatMap((tenant) => judgeTenant(home, tenant));
    yield { tenants, findings: await confirmed(sql, home, routes, findings) };
  }
}

async function confirmed(
  sql: SqlExecutor,
  home: Home,
  routes: RouteCache,
  findings: readonly OrphanFinding[],
): Promise<OrphanFinding[]> {
  if (findings.length === 0) return [];
  const tenantIds = [...new Set(findings.map(({ tenantId }) => tenantId))];
  const again = await look(sql, routes, tenantIds, byTenant(await readTenantObjects(sql, tenantIds)));
  const first = new Set(findings.map(keyOf));
  return again.flatMap((tenant) => judgeTenant(home, tenant)).filter((finding) => first.has(keyOf(finding)));
}

/** The objects were read before; then the bookkeeping; the record, which comes last of all, at the end. */
async function look(
  sql: SqlExecutor,
  routes: RouteCache,
  tenantIds: readonly string[],
  objects: ReadonlyMap<string, readonly TenantObject[]>,
): Promise<TenantSituation[]> {
  const facts = await readTenantFacts(sql, tenantIds);
  return tenantIds.map((tenantId) => ({
    tenantId,
    record: routes.get(tenantId),
    facts: facts.get(tenantId)!,
    objects: objects.get(tenantId) ?? [],
  }));
}

async function* batches(
  sql: SqlExecutor,
  routes: RouteCache,
  objects: ReadonlyMap<string, unknown>,
): AsyncGenerator<string[]> {
  yield* inBatches(recorded(routes));
  const others = [...objects.keys()].filter((tenantId) => !routes.get(tenantId));
  yield* inBatches(others);
  let after: string | undefined;
  do {
    const page = await tenantsWithBookkeeping(sql, after, BATCH);
    const unseen = page.filter((tenantId) => !routes.get(tenantId) && !objects.has(tenantId));
    if (unseen.length > 0) yield unseen;
    after = page.length < BATCH ? undefined : page.at(-1);
  } while (after !== undefined);
}

function* recorded(routes: RouteCache): Generator<string> {
  for (const { tenantId } of routes.all()) yield tenantId.toLowerCase();
}

function* inBatches(tenantIds: Iterable<string>): Generator<string[]> {
  let batch: string[] = [];
  for (const tenantId of tenantIds) {
    if (batch.push(tenantId) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function byTenant(objects: readonly TenantObject[]): Map<string, TenantObject[]> {
  return Map.groupBy(objects, ({ tenantId }) => tenantId);
}

function keyOf({ kind, object, tenantId }: OrphanFinding): string {
  return `${kind} ${object.type} ${object.name} ${tenantId}`;
}
