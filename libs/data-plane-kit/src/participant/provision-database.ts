import type { ClientBase } from 'pg';
import { KIT_MIGRATIONS } from '../kit-migrations.js';
import { PlacementRefused, RequestFailed } from './request-errors.js';
import type { FoundTenant } from './found-tenant.js';
import type { RequestContext } from './request-context.js';
import { intermediateTx, maintainTx } from './transaction.js';

/** The password that the tenant's login is to have. @throws PlacementRefused where this service has no key for it. */
export function loginPassword({ tenantLogins, cluster, database }: RequestContext): string {
  if (!tenantLogins)
    throw new PlacementRefused(
      'This service has no key for the logins of tenants with databases of their own; give it one, then retry the operation.',
    );
  return tenantLogins.password(cluster, database.name);
}

/**
 * Makes the tenant's database with its login, or what is missing of them. One that lets nobody in is what an earlier run was
 * killed over: whole, since the server makes all of a database or nothing, and not yet marked.
 *
 * @returns whether it is known to have everything that the service is to have, since it was made just now.
 * @throws PlacementRefused when a database of this name is somebody else's.
 */
export async function ensureTenantDatabase(
  { client, item, service, database, stepDone }: RequestContext,
  { here }: FoundTenant,
): Promise<boolean> {
  const { tenantId } = item;
  const found = await database.find();
  if (found?.marker && (found.marker.service !== service.name || found.marker.tenantId !== tenantId))
    throw new PlacementRefused(`The database ${database.name} is marked as somebody else's.`);
  let whole = false;
  if (!found) {
    // Reads the tombstone and the fence once more: a purge that has begun must not find a database behind its back.
    await maintainTx(client, item, async () => undefined);
    whole = await database.create(service, here);
    await stepDone('database');
  }
  const { generation } = found?.marker ?? item;
  const marker = { service: service.name, tenantId, generation, database: here };
  await intermediateTx(client, item, (tx) => database.admitTx(tx, marker));
  await stepDone('login');
  return whole;
}

/** @throws RequestFailed, retryable, for a database that was copied before the kit's last migrations and is not migrated yet. */
export async function checkTenantDatabase(inner: ClientBase, name: string): Promise<void> {
  const { rows } = await inner.query<{ name: string }>('SELECT name FROM tenantry.migration');
  const applied = new Set(rows.map((row) => row.name));
  const missing = KIT_MIGRATIONS.filter((migration) => !applied.has(migration.name));
  if (missing.length > 0)
    throw new RequestFailed(
      `Database ${name} lacks migrations of the kit: ${missing.map((migration) => migration.name).join(', ')}.`,
      true,
    );
}

/**
 * Lets the tenant in: opens the fence inside its database and its login, and writes the marker. All of it happens while the tenant is
 * locked in the service's database, whose own fence stays as closed as it is: nobody serves the tenant there, and a newer request,
 * which needs that lock, finds all of it done or nothing.
 *
 * @param verifier of the login's password. @param marker the statements that write the marker; none when it is there.
 */
export async function openTenantDatabase(
  { fence, innerFence, database }: RequestContext,
  verifier: string,
  marker: readonly string[],
): Promise<void> {
  await fence.keepWhile(async (tx) => {
    await (await innerFence()).open({ durable: false });
    tx.later(...marker, database.openLoginSql(verifier));
  });
}
