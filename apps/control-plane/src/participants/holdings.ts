import type { Tx } from '../database/unit-of-work.js';
import { countHeldTenants, heldTenants } from './held-tenants.js';
import type { Holdings } from './participant.errors.js';

const NAMED = 10;

/** What a participant holds, or `undefined` for nothing; to be asked under its row's lock, which keeps tenants from meeting it. */
export async function holdingsTx({ sql }: Tx, name: string): Promise<Holdings | undefined> {
  const first = await heldTenants(sql, name, NAMED);
  if (first.length === 0) return undefined;
  const count = first.length < NAMED ? first.length : await countHeldTenants(sql, name);
  return { count, tenants: first.map(({ tenantId, slug }) => ({ id: tenantId, slug })) };
}
