import { pgExecutor } from '@tenantry/database';
import type { WorkResult } from '@tenantry/messaging';
import { type ClientBase, escapeLiteral } from 'pg';
import { scramVerifier } from '../credentials/scram-verifier.js';
import { DEDICATED_ROLE } from '../install/roles.js';
import type { TableSecurity } from '../install/secure-tables.js';
import {
  applyAllMigrationsTx,
  applyMigrationTx,
  missingMigrations,
  useSchemaSql,
} from '../install/service-migration.js';
import type { SeedEvidence } from '../service-definition.js';
import { findTenant, type FoundTenant } from './found-tenant.js';
import { type LocalPlacement, localPlacement } from './placement.js';
import {
  checkTenantDatabase,
  ensureTenantDatabase,
  loginPassword,
  openTenantDatabase,
} from './provision-database.js';
import type { RequestContext } from './request-context.js';
import { RequestFailed } from './request-errors.js';
import { withTenantLock } from './tenant-lock.js';
import { tenantSchemaStatements } from './tenant-schema.js';
import { intermediateTx, maintainTx } from './transaction.js';

/**
 * Makes whatever is missing of the tenant and then opens its fence; the same for `provision` and `reactivate`. Each step is
 * one transaction and finds what an earlier run left; until the marker is there the tenant counts as half made. Only the last
 * one waits for the disk, and all the others with it: what is answered was written before.
 */
export async function provision(context: RequestContext): Promise<WorkResult> {
  const { item, service, fence, stepDone } = context;
  const placement = localPlacement(item.request.placements, item.tenantId, service.store);
  // Told before anything is made for a tenant that nobody could then serve.
  const password = placement.isolation === 'database' ? loginPassword(context) : undefined;
  // First of all, and outside the lock: from here on an older worker of this tenant is refused at its next step.
  await fence.keep({ durable: false });
  await stepDone('fence');
  return withTenantLock(context, async () => {
    const found = await findTenant(context, placement);
    // Takes a moment, and the server takes a longer one to copy the database.
    const verifier = password === undefined ? undefined : scramVerifier(password);
    const seeded = await ensureContents(context, placement, found);
    const marker = found.provisioned ? [] : [markerSql(context, placement, seeded)];
    await finish(context, marker, await verifier);
    const { isolation, schema, database } = placement;
    const migrations = service.migrations.map(({ name }) => name);
    return { evidence: { isolation, ...(database !== null && { database }), schema, migrations, seeded } };
  });
}

/** Makes the tenant's own schema or database, if it is to have one, with all tables, and its first rows, if it never had them. */
async function ensureContents(
  context: RequestContext,
  placement: LocalPlacement,
  found: FoundTenant,
): Promise<SeedEvidence> {
  const { client, item, service, control, database } = context;
  const { isolation, schema } = placement;
  const { globalTables } = service;
  if (isolation === 'pooled') {
    await requireTables(context, schema);
    return found.provisioned?.seeded ?? (await seed(context, client, schema));
  }
  await control.assertCurrent();
  if (isolation === 'database') {
    const whole = await ensureTenantDatabase(context, found);
    const inner = await database.enter();
    if (!whole) {
      await checkTenantDatabase(inner, database.name);
      await migrateSchema(context, inner, {
        schema,
        role: DEDICATED_ROLE,
        tenantId: undefined,
        globalTables,
      });
    }
    return found.provisioned?.seeded ?? (await seed(context, inner, schema));
  }
  const security = { schema, role: schema, tenantId: item.tenantId, globalTables };
  if (!found.own.schema) return makeSchema(context, security, found);
  await mendSchema(context, security, found);
  return found.provisioned?.seeded ?? (await seed(context, client, schema));
}

/** @throws RequestFailed, retryable, where the tables that all tenants share are not migrated yet. */
async function requireTables({ client, service }: RequestContext, schema: string): Promise<void> {
  const missing = await missingMigrations(pgExecutor(client), service, schema);
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new RequestFailed(`Schema ${schema} lacks migrations of the service: ${names}.`, true);
}

/** A new schema comes with its tables and its first rows in one transaction: nobody sees them before, and what is not seen needs no steps. */
async function makeSchema(
  { client, item, service, stepDone }: RequestContext,
  security: TableSecurity,
  { own, here }: FoundTenant,
): Promise<SeedEvidence> {
  const { tenantId, generation } = item;
  const marker = { service: service.name, tenantId, generation, database: here };
  const seeded = await intermediateTx(client, item, async (tx) => {
    tx.later(...tenantSchemaStatements(security.schema, own, marker));
    await applyAllMigrationsTx(tx, service.migrations, security);
    return service.seed(tx, tenantId);
  });
  await stepDone('schema');
  for (const { name } of service.migrations) await stepDone(`migration ${name}`);
  await stepDone('seed');
  return seeded;
}

/** What there is keeps its marker; its role may be missing, and tables. */
async function mendSchema(
  context: RequestContext,
  security: TableSecurity,
  { own, here }: FoundTenant,
): Promise<void> {
  const { client, item, service, stepDone } = context;
  const marker = {
    service: service.name,
    tenantId: item.tenantId,
    generation: item.generation,
    database: here,
  };
  await intermediateTx(client, item, async (tx) =>
    tx.later(...tenantSchemaStatements(security.schema, own, marker)),
  );
  await stepDone('schema');
  await migrateSchema(context, client, security);
}

/** What a schema lacks that was there before, each in a transaction of its own. */
async function migrateSchema(
  { item, service, control, stepDone }: RequestContext,
  where: ClientBase,
  security: TableSecurity,
): Promise<void> {
  for (const migration of await missingMigrations(pgExecutor(where), service, security.schema)) {
    await control.assertCurrent();
    await intermediateTx(where, item, (tx) => applyMigrationTx(tx, migration, security));
    await stepDone(`migration ${migration.name}`);
  }
}

async function seed(
  { item, service, control, stepDone }: RequestContext,
  where: ClientBase,
  schema: string,
): Promise<SeedEvidence> {
  await control.assertCurrent();
  const seeded = await intermediateTx(where, item, (tx) => {
    tx.later(useSchemaSql(schema));
    return service.seed(tx, item.tenantId);
  });
  await stepDone('seed');
  return seeded;
}

/** What says that the tenant is whole. */
function markerSql(
  { item }: RequestContext,
  { isolation, schema }: LocalPlacement,
  seeded: SeedEvidence,
): string {
  const values = [item.tenantId, isolation, schema, String(item.generation), JSON.stringify(seeded)];
  return `INSERT INTO tenantry.provisioned (tenant_id, isolation, schema_name, generation, seeded)
    VALUES (${values.map(escapeLiteral).join(', ')}) ON CONFLICT ON CONSTRAINT provisioned_pkey DO NOTHING`;
}

/**
 * The step that waits for the disk. With the marker the tenant is let in, if it is to be: in the same moment, so that none is let in without.
 *
 * @param verifier of the password of the tenant's login, where it has a database of its own.
 */
async function finish(
  context: RequestContext,
  marker: readonly string[],
  verifier: string | undefined,
): Promise<void> {
  const { client, item, fence, control, stepDone } = context;
  await control.assertCurrent();
  const active = item.request.desired === 'active';
  if (!active) {
    // Without a marker to write, a commit has nothing to wait for.
    if (marker.length > 0) await maintainTx(client, item, async (tx) => tx.later(...marker));
    else await fence.keep();
  } else if (verifier !== undefined) await openTenantDatabase(context, verifier, marker);
  else await fence.open({ with: marker });
  if (marker.length > 0) await stepDone('marker');
  if (active) await stepDone('open');
}
