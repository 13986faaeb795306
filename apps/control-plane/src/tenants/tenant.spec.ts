import { describe, expect, it } from '@jest/globals';
import { TENANT_STATES } from '@tenantry/contracts';
import { slugProblem } from './slug.js';
import { allowedActions, desiredAfter, isLegal, publicState } from './tenant.js';

describe('allowedActions', () => {
  it('is the table of the design', () => {
    expect(Object.fromEntries(TENANT_STATES.map((state) => [state, allowedActions(state)]))).toEqual({
      REQUESTED: ['suspend', 'delete'],
      PROVISIONING: ['suspend', 'delete'],
      ACTIVE: ['suspend', 'delete'],
      SUSPENDING: ['reactivate', 'delete'],
      SUSPENDED: ['reactivate', 'delete'],
      REACTIVATING: ['suspend', 'delete'],
      DELETION_SCHEDULED: ['cancel_deletion', 'move_deletion'],
      PURGING: [],
      PURGED: [],
    });
  });

  it('agrees with isLegal', () => {
    for (const state of TENANT_STATES) {
      for (const action of ['suspend', 'reactivate', 'delete', 'cancel_deletion'] as const) {
        expect(isLegal(action, state)).toBe(allowedActions(state).includes(action));
      }
    }
  });
});

describe('publicState', () => {
  const facts = {
    desired: 'active',
    placed: true,
    wasActive: false,
    deletionScheduled: false,
    everyone: false,
  } as const;

  it.each([
    [{ ...facts, placed: false }, 'REQUESTED'],
    [facts, 'PROVISIONING'],
    [{ ...facts, wasActive: true }, 'REACTIVATING'],
    [{ ...facts, everyone: true }, 'ACTIVE'],
    [{ ...facts, desired: 'suspended' }, 'SUSPENDING'],
    [{ ...facts, desired: 'suspended', everyone: true }, 'SUSPENDED'],
    [{ ...facts, desired: 'suspended', deletionScheduled: true }, 'DELETION_SCHEDULED'],
    [{ ...facts, desired: 'suspended', deletionScheduled: true, everyone: true }, 'DELETION_SCHEDULED'],
    [{ ...facts, desired: 'purged' }, 'PURGING'],
    [{ ...facts, desired: 'purged', everyone: true }, 'PURGED'],
  ] as const)('of %j is %s', (given, state) => {
    expect(publicState(given)).toBe(state);
  });
});

describe('desiredAfter', () => {
  it('goes back to what the tenant was when a deletion is cancelled', () => {
    expect(desiredAfter('cancel_deletion', 'suspended')).toBe('suspended');
    expect(desiredAfter('cancel_deletion', 'active')).toBe('active');
  });
});

describe('slugProblem', () => {
  it.each(['acme', 'a-b', 'abc', 'a1b2', `a${'b'.repeat(62)}`])('allows %s', (slug) => {
    expect(slugProblem(slug)).toBeUndefined();
  });

  it.each([
    '',
    'ab',
    'Acme',
    'acme-',
    '-acme',
    'ac--me',
    '1acme',
    'acmé',
    'аcme',
    'a_b',
    'a b',
    'acme\n',
    `a${'b'.repeat(63)}`,
    'admin',
    'api',
    'xn--acme',
  ])('refuses %j', (slug) => {
    expect(slugProblem(slug)).toEqual(expect.any(String));
  });
});
