import type { Role } from './topology.ts';

const UNIT_OF_WORK = ['unit-of-work.before-commit', 'unit-of-work.after-commit'];
const PARTICIPANT = [
  'consumer.before-commit',
  'consumer.after-commit',
  'participant.after-effect',
  'participant.after-answer',
  'participant.after-acknowledgement',
];

/**
 * Every named step at which a process of a role can be made to end (`crashPoint` in the code). crash-points.e2e.ts compares the list
 * with the sources, so that a new one cannot be forgotten here.
 */
export const CRASH_POINTS: Readonly<Record<Role, readonly string[]>> = {
  api: UNIT_OF_WORK,
  worker: [
    ...UNIT_OF_WORK,
    'audit.before-position',
    'audit.after-position',
    'audit.after-checkpoint',
    'certificate.after-insert',
  ],
  relay: ['relay.before-send', 'relay.after-send', 'relay.after-delete'],
  verifier: [...PARTICIPANT, 'kit.verify.scanned'],
  'data-plane': [
    ...PARTICIPANT,
    'kit.provision.fence',
    'kit.provision.schema',
    'kit.provision.migration 0001-roles',
    'kit.provision.migration 0002-projects',
    'kit.provision.migration 0003-idempotency',
    'kit.provision.seed',
    'kit.provision.marker',
    'kit.provision.open',
    'kit.reactivate.fence',
    'kit.reactivate.open',
    'kit.suspend.fence',
    'kit.purge.tombstone',
    'kit.purge.footprint',
    'kit.purge.rows',
    'kit.purge.schema',
    'kit.purge.marker',
    'kit.purge.fence',
  ],
};

/** Where a process is stopped until its lease has gone to another, and then continued. */
export const PAUSE_POINTS: Readonly<Record<Exclude<Role, 'api' | 'verifier'>, readonly string[]>> = {
  worker: UNIT_OF_WORK,
  relay: ['relay.before-send', 'relay.after-send'],
  'data-plane': [
    'kit.provision.fence',
    'kit.provision.schema',
    'kit.provision.migration 0001-roles',
    'kit.provision.seed',
    'kit.provision.marker',
    'kit.reactivate.fence',
    'kit.purge.footprint',
    'kit.purge.rows',
    'kit.purge.schema',
    'kit.purge.marker',
    'consumer.after-commit',
  ],
};

/** A little longer than the lease that a stopped process holds, in milliseconds: of a wake-up, a shard, a request. */
export const PAUSE_MS: Readonly<Record<keyof typeof PAUSE_POINTS, readonly [number, number]>> = {
  worker: [31_000, 34_000],
  relay: [5_500, 8_000],
  'data-plane': [16_000, 19_000],
};
