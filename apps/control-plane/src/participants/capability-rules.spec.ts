import { describe, expect, it } from '@jest/globals';
import type { Capability } from '@tenantry/contracts';
import { capabilitiesProblem, storesProblem } from './capability-rules.js';

describe('capabilitiesProblem', () => {
  it.each<[Capability[]]>([
    [['provision', 'suspend', 'reactivate', 'purge']],
    [['suspend', 'reactivate']],
    [['purge']],
    [['verify']],
  ])('allows %j', (capabilities) => {
    expect(capabilitiesProblem(capabilities)).toBeUndefined();
  });

  it.each<[Capability[]]>([
    [['provision', 'suspend', 'purge']],
    [['provision', 'suspend', 'reactivate']],
    [['provision']],
    [['suspend']],
    [['reactivate', 'purge']],
    [['verify', 'purge']],
    [['provision', 'suspend', 'reactivate', 'purge', 'verify']],
  ])('refuses %j', (capabilities) => {
    expect(capabilitiesProblem(capabilities)).toEqual(expect.any(String));
  });
});

describe('storesProblem', () => {
  it('allows stores to whoever does not verify', () => {
    expect(storesProblem(['purge'], ['primary', 'billing'])).toBeUndefined();
    expect(storesProblem(['verify'], [])).toBeUndefined();
    expect(storesProblem(['verify'], ['primary'])).toEqual(expect.any(String));
  });

  it('bounds their number', () => {
    const stores = Array.from({ length: 17 }, (_, place) => `s${place}`);
    expect(storesProblem(['purge'], stores)).toEqual(expect.any(String));
  });
});
