import { describe, expect, it } from '@jest/globals';
import type { Capability } from '@tenantry/contracts';
import { hear, registrationOf, type KnownParticipant } from './hear.js';

const ALL: Capability[] = ['provision', 'suspend', 'reactivate', 'purge'];
const NOW = new Date('2026-01-01T00:10:00.000Z');
const ago = (ms: number): Date => new Date(NOW.getTime() - ms);

const known = (changes: Partial<KnownParticipant> = {}): KnownParticipant => ({
  declaredBy: 'heartbeat',
  capabilities: ALL,
  stores: ['primary'],
  lastHeartbeatAt: ago(30_000),
  retiredAt: null,
  ...changes,
});
const same = { capabilities: ALL, stores: ['primary'] };

describe('hear', () => {
  it.each([
    [null, true],
    [ago(90_000), false],
    [ago(90_001), true],
  ])('tells who was last heard from at %s: returned %s', (lastHeartbeatAt, returned) => {
    expect(hear(known({ lastHeartbeatAt }), same, NOW)).toEqual({ returned });
  });

  it.each(['heartbeat', 'configuration'] as const)('lets one declared by %s grow', (declaredBy) => {
    const fences = known({ declaredBy, capabilities: ['suspend', 'reactivate'], stores: [] });
    expect(hear(fences, same, NOW)).toEqual({ returned: false, grown: same });
    expect(hear(known({ declaredBy }), { capabilities: [], stores: ['billing'] }, NOW).grown).toEqual({
      capabilities: ALL,
      stores: ['primary', 'billing'],
    });
  });

  it('takes nothing away', () => {
    expect(hear(known(), { capabilities: ['suspend'], stores: [] }, NOW)).toEqual({ returned: false });
  });

  it('leaves what an operator declared, and one that is retired', () => {
    const more = { capabilities: ALL, stores: ['primary', 'billing'] };
    expect(hear(known({ declaredBy: 'operator' }), more, NOW)).toEqual({ returned: false });
    expect(hear(known({ retiredAt: ago(1), lastHeartbeatAt: null }), more, NOW)).toEqual({
      returned: false,
    });
  });

  it.each<[Capability[], string[]]>([
    [['verify'], []],
    [[], Array.from({ length: 16 }, (_, place) => `s${place}`)],
  ])('adds nothing that cannot be declared: %j, %j', (capabilities, stores) => {
    expect(hear(known(), { capabilities, stores }, NOW)).toEqual({ returned: false });
  });
});

describe('registrationOf', () => {
  it('is what the heartbeat says, unless that cannot be declared', () => {
    const heartbeat = { participant: 'x', version: '1', stores: ['a'] };
    expect(registrationOf({ ...heartbeat, capabilities: ['purge', 'suspend', 'reactivate'] })).toEqual({
      capabilities: ['suspend', 'reactivate', 'purge'],
      stores: ['a'],
    });
    expect(registrationOf({ ...heartbeat, capabilities: ['provision'] })).toEqual({
      capabilities: [],
      stores: [],
    });
  });
});
