import type { Capability } from '@tenantry/contracts';
import type { Tx } from '../database/unit-of-work.js';
import { countHeldTenants, countTenantsInNeed, heldTenants, tenantsInNeed } from './held-tenants.js';
import type { Holdings } from './participant.errors.js';

const NAMED = 10;

/** What a participant holds, or `undefined` for nothing; to be asked under its row's lock, which keeps tenants from meeting it. */
export async function holdingsTx({ sql }: Tx, name: string): Promise<Holdings | undefined> {
  const first = await heldTenants(sql, name, NAMED);
  if (first.length === 0) return undefined;
  const count = first.length < NAMED ? first.length : await countHeldTenants(sql, name);
  return { count, tenants: first.map(({ tenantId, slug }) => ({ id: tenantId, slug })) };
}

/** The tenants for which a participant needs one of these capabilities, or `undefined` for none; to be asked under the same lock. */
export async function needsTx(
  { sql }: Tx,
  name: string,
  capabilities: readonly Capability[],
): Promise<Holdings | undefined> {
  const tenants = await tenantsInNeed(sql, name, capabilities, NAMED);
  if (tenants.length === 0) return undefined;
  const count = tenants.length < NAMED ? tenants.length : await countTenantsInNeed(sql, name, capabilities);
  return { count, tenants };
}
