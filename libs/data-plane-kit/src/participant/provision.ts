import { pgExecutor } from '@tenantry/database';
import type { WorkResult } from '@tenantry/messaging';
import type { ClientBase } from 'pg';
import { DEDICATED_ROLE } from '../install/roles.js';
import type { TableSecurity } from '../install/secure-tables.js';
import {
  applyAllMigrationsTx,
  applyMigrationTx,
  missingMigrations,
  useSchema,
} from '../install/service-migration.js';
import type { SeedEvidence } from '../service-definition.js';
import { type LocalPlacement, localPlacement } from './placement.js';
import {
  checkTenantDatabase,
  ensureTenantDatabase,
  loginPassword,
  openTenantDatabase,
} from './provision-database.js';
import type { RequestContext } from './request-context.js';
import { PlacementRefused, RequestFailed, TenantDataLost } from './request-errors.js';
import { withTenantLock } from './tenant-lock.js';
import { ensureTenantSchema } from './tenant-schema.js';
import { intermediateTx, maintainTx } from './transaction.js';

/**
 * Makes whatever is missing of the tenant and then opens its fence; the same for `provision` and `reactivate`. Each step is
 * one transaction and finds what an earlier run left; the marker comes last, and until it is there the tenant counts as half made.
 */
export async function provision(context: RequestContext): Promise<WorkResult> {
  const { item, service, fence, stepDone } = context;
  const placement = localPlacement(item.request.placements, item.tenantId, service.store);
  // Told before anything is made for a tenant that nobody could then serve.
  if (placement.isolation === 'database') loginPassword(context);
  // First of all, and outside the lock: from here on an older worker of this tenant is refused at its next step.
  await fence.keep();
  await stepDone('fence');
  return withTenantLock(context, async () => {
    const provisioned = await findMarker(context, placement);
    if (provisioned) await refuseLoss(context, placement);
    const where = await ensurePlace(context, placement);
    await ensureTables(context, where, placement);
    const seeded = provisioned ? provisioned.seeded : await seedAndMark(context, where, placement);
    if (item.request.desired === 'active') {
      await context.control.assertCurrent();
      await (placement.isolation === 'database' ? openTenantDatabase(context) : fence.open());
      await stepDone('open');
    }
    const { isolation, schema, database } = placement;
    const migrations = service.migrations.map(({ name }) => name);
    return { evidence: { isolation, ...(database !== null && { database }), schema, migrations, seeded } };
  });
}

/** What the end of a provisioning left. */
interface Marker {
  readonly isolation: string;
  readonly seeded: SeedEvidence;
}

/** @throws PlacementRefused when the tenant was provisioned in another isolation: to change it is a migration, not a provisioning. */
async function findMarker(
  { client, item }: RequestContext,
  placement: LocalPlacement,
): Promise<Marker | undefined> {
  const { rows } = await client.query<Marker>(
    'SELECT isolation, seeded FROM tenantry.provisioned WHERE tenant_id = $1',
    [item.tenantId],
  );
  const marker = rows[0];
  if (marker && marker.isolation !== placement.isolation) {
    throw new PlacementRefused(
      `The tenant is provisioned here with isolation ${marker.isolation}, the request says ${placement.isolation}.`,
    );
  }
  return marker;
}

/**
 * What was provisioned and is gone is lost: an empty schema in its place would be announced as the tenant's data.
 * @throws TenantDataLost
 */
async function refuseLoss(
  { client, database }: RequestContext,
  { isolation, schema }: LocalPlacement,
): Promise<void> {
  if (isolation === 'pooled') return;
  if (isolation === 'database') {
    if (!(await database.find())) throw new TenantDataLost('database', database.name);
    return;
  }
  const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rowCount === 0) throw new TenantDataLost('schema', schema);
}

/** Makes the tenant's own schema or database, if it is to have one. @returns a session in the database that its tables are in. */
async function ensurePlace(
  context: RequestContext,
  { isolation, schema }: LocalPlacement,
): Promise<ClientBase> {
  const { client, item, service, control, database, stepDone } = context;
  if (isolation === 'pooled') return client;
  await control.assertCurrent();
  if (isolation === 'database') {
    await ensureTenantDatabase(context);
    const inner = await database.enter();
    await checkTenantDatabase(inner, database.name);
    return inner;
  }
  const madeFor = { service: service.name, tenantId: item.tenantId, generation: item.generation };
  const migrated = await intermediateTx(client, item, async (tx) => {
    if (!(await ensureTenantSchema(tx, schema, madeFor))) return [];
    await applyAllMigrationsTx(tx, service.migrations, securityOf(context, { isolation, schema }));
    return service.migrations;
  });
  await stepDone('schema');
  for (const { name } of migrated) await stepDone(`migration ${name}`);
  return client;
}

function securityOf(
  { item, service: { globalTables } }: RequestContext,
  { isolation, schema }: Pick<LocalPlacement, 'isolation' | 'schema'>,
): TableSecurity {
  return isolation === 'schema'
    ? { schema, role: schema, tenantId: item.tenantId, globalTables }
    : { schema, role: DEDICATED_ROLE, tenantId: undefined, globalTables };
}

async function ensureTables(
  context: RequestContext,
  where: ClientBase,
  placement: LocalPlacement,
): Promise<void> {
  const { item, service, control, stepDone } = context;
  const { isolation, schema } = placement;
  const missing = await missingMigrations(pgExecutor(where), service, schema);
  if (isolation === 'pooled') {
    if (missing.length > 0)
      throw new RequestFailed(
        `Schema ${schema} lacks migrations of the service: ${missing.map(({ name }) => name).join(', ')}.`,
        true,
      );
    return;
  }
  const security = securityOf(context, placement);
  for (const migration of missing) {
    await control.assertCurrent();
    await intermediateTx(where, item, (tx) => applyMigrationTx(tx, migration, security));
    await stepDone(`migration ${migration.name}`);
  }
}

async function seedAndMark(
  { client, item, service, control, stepDone }: RequestContext,
  where: ClientBase,
  { isolation, schema }: LocalPlacement,
): Promise<SeedEvidence> {
  await control.assertCurrent();
  const seeded = await intermediateTx(where, item, async (tx) => {
    await useSchema(tx, schema);
    return service.seed(tx, item.tenantId);
  });
  await stepDone('seed');
  await maintainTx(client, item, (tx) =>
    tx.query(
      `INSERT INTO tenantry.provisioned (tenant_id, isolation, schema_name, generation, seeded) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT ON CONSTRAINT provisioned_pkey DO NOTHING`,
      [item.tenantId, isolation, schema, item.generation, JSON.stringify(seeded)],
    ),
  );
  await stepDone('marker');
  return seeded;
}
