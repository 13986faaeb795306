import { newId } from '@tenantry/kernel';
import type { LifecycleHarness } from './lifecycle-harness.js';

/** What the tenants are found at: provisioned by `reference`, or asked of it and not answered. */
export type Found = 'active' | 'asked';

/** Writes tenants as they would be after so many commands and answers, which would take too long one by one. @returns their ids, in order. */
export async function manyTenants(
  control: LifecycleHarness,
  count: number,
  found: Found = 'active',
): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  const operations = ids.map(newId);
  const active = found === 'active';
  await control.rows(
    `WITH made AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS one (id, operation)),
     tenants AS (
       INSERT INTO tenantry.tenant (id, slug, name, plan, region, isolation, desired, state, was_active, generation, version,
         created_at, updated_at, state_since)
       SELECT id, 't' || translate(id::text, '-', ''), 'many', 'standard', 'eu', 'pooled', 'active',
         CASE WHEN $3 THEN 'ACTIVE' ELSE 'PROVISIONING' END, $3, 1, 1, tenantry.now(), tenantry.now(), tenantry.now() FROM made
       RETURNING id),
     operations AS (
       INSERT INTO tenantry.operation (id, tenant_id, kind, state, generation, desired, actor, deadline, created_at, updated_at, finished_at)
       SELECT operation, id, 'provision', CASE WHEN $3 THEN 'succeeded' ELSE 'running' END, 1, 'active', 'test',
         tenantry.now() + interval '5 minutes', tenantry.now(), tenantry.now(), CASE WHEN $3 THEN tenantry.now() END FROM made
       RETURNING id),
     observed AS (
       INSERT INTO tenantry.tenant_participant (tenant_id, participant, observed, observed_generation, counts_from)
       SELECT id, 'reference', CASE WHEN $3 THEN 'active' ELSE 'none' END, CASE WHEN $3 THEN 1 ELSE 0 END, 1 FROM made
       RETURNING tenant_id),
     routes AS (
       INSERT INTO tenantry.route (tenant_id, store, isolation, cluster, schema_name, access, generation, revision)
       SELECT id, 'primary', 'pooled', (SELECT name FROM tenantry.cluster LIMIT 1), 'pooled_primary',
         CASE WHEN $3 THEN 'open' ELSE 'frozen' END, 1, 1 FROM made RETURNING tenant_id)
     INSERT INTO tenantry.task (operation_id, participant, required, state, attempts, addressed_at, next_attempt_at, created_at,
       updated_at, finished_at)
     SELECT operation, 'reference', true, CASE WHEN $3 THEN 'succeeded' ELSE 'pending' END, 1, tenantry.now(),
       CASE WHEN NOT $3 THEN tenantry.now() END, tenantry.now(), tenantry.now(), CASE WHEN $3 THEN tenantry.now() END FROM made`,
    [ids, operations, active],
  );
  return ids;
}
