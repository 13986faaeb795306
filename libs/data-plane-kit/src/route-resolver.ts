import type { StateRecord } from '@tenantry/contracts';
import { isUuid } from '@tenantry/kernel';
import { StaleRoute, TenantBusy, TenantSuspended, TenantUnknown } from './errors.js';
import type { ResolvedRoute, RouteCache } from './route-cache.js';

/** Finds the way to a tenant, from what this process knows. */
export class RouteResolver {
  /** @param waitMs how long to wait for a record that should come at any moment, in milliseconds. */
  constructor(
    private readonly cache: RouteCache,
    private readonly store: string,
    private readonly waitMs: number,
  ) {}

  /** The tenant's route, where it is known and lets requests in: nothing is waited for. */
  known(tenantId: string): ResolvedRoute | undefined {
    return this.cache.openRoute(tenantId, this.store);
  }

  /**
   * The tenant's route, given that its access is not frozen. A tenant that is about to open is waited for, since whoever
   * calls may have learnt that it is open before this process did.
   *
   * @param newerThan a record that turned out to be stale.
   * @throws TenantUnknown, TenantSuspended, TenantBusy (not open yet), or StaleRoute when nothing newer came in time.
   */
  async resolve(tenantId: string, newerThan?: StateRecord): Promise<ResolvedRoute> {
    if (!isUuid(tenantId)) throw new TenantUnknown(tenantId);
    const deadline = performance.now() + this.waitMs;
    let record = await this.first(tenantId, newerThan);
    for (;;) {
      const route = record.routes.find(({ store }) => store === this.store);
      if (record.state === 'PURGED') throw new TenantUnknown(tenantId);
      if (route && route.access !== 'frozen') return { route, record };
      const newer = isOpening(record)
        ? await this.cache.waitForNewer(tenantId, record, deadline - performance.now())
        : undefined;
      if (!newer) throw closed(record);
      record = newer;
    }
  }

  private async first(tenantId: string, newerThan: StateRecord | undefined): Promise<StateRecord> {
    if (newerThan) {
      const newer = await this.cache.waitForNewer(tenantId, newerThan, this.waitMs);
      if (!newer) throw new StaleRoute(tenantId);
      return newer;
    }
    if (!this.cache.get(tenantId)) await this.cache.whenComplete(this.waitMs);
    const record = this.cache.get(tenantId);
    if (record) return record;
    throw this.cache.isComplete ? new TenantUnknown(tenantId) : new StaleRoute(tenantId);
  }
}

/** Whether the next record is expected to open the tenant. */
function isOpening({ state }: StateRecord): boolean {
  return state === 'REQUESTED' || state === 'PROVISIONING' || state === 'REACTIVATING' || state === 'ACTIVE';
}

function closed({ tenantId, state }: StateRecord): Error {
  return state === 'REQUESTED' || state === 'PROVISIONING' || state === 'ACTIVE'
    ? new TenantBusy(tenantId)
    : new TenantSuspended(tenantId);
}
