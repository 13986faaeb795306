import { describe, expect, it } from '@jest/globals';
import type { Capability } from '@tenantry/contracts';
import { capabilitiesProblem } from './capability-rules.js';

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
  ])('refuses %j', (capabilities) => {
    expect(capabilitiesProblem(capabilities)).toEqual(expect.any(String));
  });
});
