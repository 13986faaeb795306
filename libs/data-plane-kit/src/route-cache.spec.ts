import { describe, expect, it } from '@jest/globals';
import type { StateRecord } from '@tenantry/contracts';
import { RouteCache } from './route-cache.js';

const TENANT = '01890000-0000-7000-8000-00000000000a';

function record(tenantSeq: string, version = 1, revision = 1): StateRecord {
  return {
    tenantId: TENANT,
    slug: 'x',
    state: 'ACTIVE',
    plan: 'free',
    region: 'default',
    isolation: 'pooled',
    generation: 1,
    version,
    tenantSeq,
    updatedAt: '2026-01-01T00:00:00Z',
    routes: [
      {
        store: 'primary',
        isolation: 'pooled',
        cluster: 'default',
        database: null,
        schema: null,
        access: 'open',
        generation: 1,
        revision,
      },
    ],
  };
}

describe('RouteCache', () => {
  it('keeps the newest record, in whatever order they come', () => {
    const cache = new RouteCache();
    expect(cache.apply(record('9'))).toBe(true);
    expect(cache.apply(record('10'))).toBe(true);
    expect(cache.apply(record('9', 5))).toBe(false);
    expect(cache.apply(record('10', 2))).toBe(true);
    expect(cache.apply(record('10', 2, 2))).toBe(true);
    expect(cache.apply(record('10', 2, 2))).toBe(false);
    expect(cache.get(TENANT.toUpperCase())).toEqual(record('10', 2, 2));
  });

  it('knows the way to each store that is open, and none to one that is not, however the id is written', () => {
    const cache = new RouteCache();
    const told = record('1');
    const [route] = told.routes;
    const routes = [
      route!,
      { ...route!, store: 'closed', access: 'frozen' as const },
      { ...route!, store: 'billing' },
    ];
    cache.apply({ ...told, routes });
    expect(cache.openRoute(TENANT.toUpperCase(), 'primary')).toMatchObject({
      route,
      record: { tenantSeq: '1' },
    });
    expect(cache.openRoute(TENANT, 'billing')?.route.store).toBe('billing');
    expect(cache.openRoute(TENANT, 'closed')).toBeUndefined();
    expect(cache.openRoute(TENANT, 'other')).toBeUndefined();
    cache.apply({ ...record('2'), state: 'PURGED', routes });
    expect(cache.openRoute(TENANT, 'primary')).toBeUndefined();
    expect([...cache.all()].map(({ state }) => state)).toEqual(['PURGED']);
  });

  it('wakes who waits for a newer record, and nobody for an older one', async () => {
    const cache = new RouteCache();
    cache.apply(record('2'));
    const waiting = cache.waitForNewer(TENANT, record('2'), 5000);
    cache.apply(record('1'));
    cache.apply(record('3'));
    expect((await waiting)?.tenantSeq).toBe('3');
    expect((await cache.waitForNewer(TENANT, record('2'), 5000))?.tenantSeq).toBe('3');
  });

  it('gives up when the time is up', async () => {
    const cache = new RouteCache();
    expect(await cache.waitForNewer(TENANT, undefined, 5)).toBeUndefined();
    await cache.whenComplete(5);
    expect(cache.isComplete).toBe(false);
    cache.markComplete();
    await cache.whenComplete(5000);
    expect(cache.isComplete).toBe(true);
  });
});
