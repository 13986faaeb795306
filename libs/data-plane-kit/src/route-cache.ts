import type { StateRecord } from '@tenantry/contracts';

/** Every tenant's newest known state and routes, in memory, fed by the state channel. */
export class RouteCache {
  get(_tenantId: string): StateRecord | undefined {
    return undefined;
  }

  waitForNewer(_tenantId: string, _than: StateRecord | undefined, _timeoutMs: number): Promise<StateRecord | undefined> {
    return Promise.resolve(undefined);
  }
}
