import { describe, expect, it } from '@jest/globals';
import type { Isolation, StateRecord, TenantState } from '@tenantry/contracts';
import { judgeTenant } from './judge-tenant.js';
import type { TenantFacts } from './tenant-facts.js';
import type { TenantObject } from './tenant-objects.js';
import type { Home, TenantSituation } from './tenant-situation.js';

const TENANT = '01890000-0000-7000-8000-00000000000a';
const NAME = 't_0189000000007000800000000000000a';
const HOME: Home = { cluster: 'default', service: 'example', store: 'primary', database: 'here' };
const MARKER = { service: 'example', tenantId: TENANT, generation: 1, database: 'here' };

const NOTHING: TenantFacts = { fence: undefined, provisioned: undefined, tombstone: undefined };
const FENCE = { generation: 1, settled: true };
const ALIVE: TenantFacts = { ...NOTHING, fence: FENCE, provisioned: { isolation: 'schema' } };
const PURGED: TenantFacts = { ...NOTHING, tombstone: { generation: 2 } };

function object(type: TenantObject['type'], fields: Partial<TenantObject> = {}): TenantObject {
  const store = fields.store ?? 'primary';
  const usedHere = type !== 'database';
  const name = `${NAME}_${store}`;
  return { type, name, tenantId: TENANT, store, marker: MARKER, usedHere, heldElsewhere: false, ...fields };
}

function record(state: TenantState, isolation: Isolation = 'schema', store = 'primary'): StateRecord {
  const route = { store, isolation, cluster: 'default', database: null, schema: null } as const;
  return {
    tenantId: TENANT,
    slug: 'x',
    state,
    plan: 'free',
    region: 'default',
    isolation,
    generation: 1,
    version: 1,
    tenantSeq: '1',
    updatedAt: '2026-01-01T00:00:00Z',
    routes: [{ ...route, access: 'frozen', generation: 1, revision: 1 }],
  };
}

/** What is said of the tenant, as `kind type`, with `!` where it would be deleted. */
function judged(situation: Partial<TenantSituation>): string[] {
  return judgeTenant(HOME, { tenantId: TENANT, record: undefined, facts: NOTHING, objects: [], ...situation })
    .map(({ kind, object: { type }, deletable }) => `${kind} ${type}${deletable ? '!' : ''}`)
    .sort();
}

const BOTH = [object('schema'), object('role')];

describe('what is said of a tenant', () => {
  it.each([
    ['is whole', { record: record('ACTIVE'), facts: ALIVE, objects: BOTH }, []],
    ['is being made', { record: record('PROVISIONING'), facts: { ...NOTHING, fence: FENCE } }, []],
    [
      'is being purged, which has not begun here',
      { record: record('PURGING'), facts: ALIVE, objects: BOTH },
      [],
    ],
    [
      'is being purged here',
      { record: record('PURGING'), facts: { ...PURGED, fence: FENCE }, objects: BOTH },
      [],
    ],
    [
      'came back after its purge',
      { record: record('PURGED'), facts: PURGED, objects: BOTH },
      ['orphaned role!', 'orphaned schema!'],
    ],
    [
      'came back, and the control plane has forgotten it',
      { facts: PURGED, objects: BOTH },
      ['orphaned role!', 'orphaned schema!'],
    ],
    ['is unknown to all but its names', { objects: BOTH }, ['orphaned role', 'orphaned schema']],
    ['is alive here and unknown elsewhere', { facts: ALIVE, objects: BOTH }, ['unknown tenant']],
    [
      'has just come here and is unknown elsewhere',
      { facts: { ...NOTHING, fence: { ...FENCE, settled: false } } },
      [],
    ],
    [
      'has a marker and no fence, and is unknown elsewhere',
      { facts: { ...ALIVE, fence: undefined }, objects: BOTH },
      ['unknown tenant'],
    ],
    [
      'is placed here by nobody',
      { record: record('ACTIVE', 'schema', 'billing'), facts: { ...NOTHING, fence: FENCE }, objects: BOTH },
      ['orphaned role', 'orphaned schema'],
    ],
    [
      'lost its schema while its deletion is scheduled',
      { record: record('DELETION_SCHEDULED'), facts: ALIVE, objects: [object('role')] },
      ['missing schema'],
    ],
    ['is SUSPENDED and was never here', { record: record('SUSPENDED') }, ['missing fence']],
  ] as const)('that %s', (_what, situation, expected) => {
    expect(judged(situation as Partial<TenantSituation>)).toEqual(expected);
  });
});

describe('what is said of a role', () => {
  const purged = { record: record('PURGED'), facts: PURGED };
  it.each([
    ['another database uses it', { usedHere: false, heldElsewhere: true }, []],
    ['another database uses it too', { heldElsewhere: true }, ['orphaned role']],
    ['its marker names another database', { marker: { ...MARKER, database: 'there' } }, ['foreign role']],
    ['nothing refers to it', { usedHere: false }, ['orphaned role!']],
    ['it is named for another store', { store: 'billing' }, ['foreign role']],
  ] as const)('of a purged tenant when %s', (_what, fields, expected) => {
    expect(judged({ ...purged, objects: [object('role', fields)] })).toEqual(expected);
  });

  it('of a tenant that nobody knows: nobody’s', () => {
    const unused = { usedHere: false, marker: undefined };
    expect(judged({ objects: [object('role', unused)] })).toEqual(['foreign role']);
  });
});

describe('what is said of a database', () => {
  const placed = {
    record: record('ACTIVE', 'database'),
    facts: { ...ALIVE, provisioned: { isolation: 'database' } },
  } as const;

  it('that the tenant is placed in: nothing, as long as its login is there too', () => {
    expect(judged({ ...placed, objects: [object('database'), object('role', { usedHere: false })] })).toEqual(
      [],
    );
    expect(judged({ ...placed, objects: [object('role', { usedHere: false })] })).toEqual([
      'missing database',
    ]);
    expect(judged({ ...placed, objects: [object('database')] })).toEqual(['missing role']);
  });

  it('on a cluster where the tenant is not placed: that it is left over there', () => {
    const elsewhere = { ...HOME, cluster: 'eu-1' };
    const found = judgeTenant(elsewhere, {
      tenantId: TENANT,
      ...placed,
      facts: NOTHING,
      objects: [object('database')],
    });
    expect(found.map(({ kind, object: { type } }) => `${kind} ${type}`)).toEqual(['orphaned database']);
    expect(judgeTenant(elsewhere, { tenantId: TENANT, ...placed, facts: NOTHING, objects: [] })).toEqual([]);
  });

  it.each([
    [
      'the tenant is placed elsewhere',
      { record: record('SUSPENDED', 'pooled'), facts: { ...NOTHING, fence: FENCE } },
      ['orphaned database'],
    ],
    ['the tenant is purged', { record: record('PURGED'), facts: PURGED }, ['orphaned database']],
    ['nobody knows the tenant', {}, ['foreign database']],
  ] as const)('when %s', (_what, situation, expected) => {
    expect(judged({ ...situation, objects: [object('database', { marker: undefined })] })).toEqual(expected);
  });

  it('of a purged tenant is deleted by its marker, as everything else', () => {
    expect(judged({ record: record('PURGED'), facts: PURGED, objects: [object('database')] })).toEqual([
      'orphaned database!',
    ]);
    const theirs = object('database', { marker: { ...MARKER, service: 'other' } });
    expect(judged({ record: record('PURGED'), facts: PURGED, objects: [theirs] })).toEqual([
      'foreign database',
    ]);
  });
});
