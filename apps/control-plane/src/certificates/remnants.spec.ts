import { describe, expect, it } from '@jest/globals';
import type { ParticipantPart } from './certificate.js';
import { remnantsOf } from './remnants.js';

const part = (
  role: ParticipantPart['role'],
  evidence: ParticipantPart['evidence'],
  outcome: ParticipantPart['outcome'] = 'acknowledged',
): ParticipantPart => ({
  participant: 'x',
  required: true,
  role,
  declaredBy: 'configuration',
  outcome,
  askedAt: null,
  at: null,
  error: null,
  attestation: null,
  evidence,
});

const purge = part('purge', { remains: { 'tenantry.tombstone': 1 } });
const scan = (tombstones: number): ParticipantPart =>
  part('scan', { remains: { 'tenantry.tombstone': tombstones, 'tenantry.answer': 2 } });

function about(word: string, ...parts: readonly ParticipantPart[]): string | undefined {
  return remnantsOf(new Date(0), parts, {}).find(({ what }) => what.includes(word))?.what;
}

describe('what remains of a purged tenant', () => {
  it('counts each row once, however many scans saw it', () => {
    expect(about('tombstone', purge, scan(3), scan(2))).toContain(
      '2 in tenantry.answer, 3 in tenantry.tombstone',
    );
  });

  it('is what the participants count, each its own, without a scan that is finished', () => {
    const failed = part('scan', { remains: { 'tenantry.tombstone': 9 } }, 'unproven');
    expect(about('tombstone', purge, purge, failed)).toContain('2 in tenantry.tombstone');
    expect(about('tombstone')).toContain('not counted');
  });

  it('names the databases that nobody looked at', () => {
    const partial = part('scan', {
      notScanned: [{ cluster: 'default', database: 'legacy', reason: 'left out' }],
    });
    expect(about('not to look at', partial)).toContain('default/legacy');
    expect(about('not to look at', scan(1))).toContain('none is named');
    expect(about('not to look at', purge)).toContain('for want of a scan');
  });
});
