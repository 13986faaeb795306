import { describe, expect, it } from '@jest/globals';
import { evidenceOf, findingsOf } from './scan-evidence.js';
import type { ClusterScan, DatabaseScan } from './scan-result.js';

const database = (name: string, found: Partial<DatabaseScan> = {}): DatabaseScan => ({
  database: name,
  tablesScanned: 3,
  schemas: [],
  objects: [],
  tables: [],
  remains: {},
  buried: false,
  unscannable: [],
  ...found,
});

const cluster = (name: string, found: Partial<ClusterScan> = {}): ClusterScan => ({
  cluster: name,
  scannedAt: new Date('2026-01-02T00:00:00Z'),
  databases: [],
  namedDatabases: [],
  roles: [],
  objects: [],
  notScanned: [],
  unscannable: [],
  ...found,
});

describe('the evidence of a scan', () => {
  it('adds up what remains over all databases, and is as of the earliest look', () => {
    const evidence = evidenceOf([
      cluster('a', {
        databases: [database('one', { remains: { 'tenantry.tombstone': 1 } }), database('two')],
      }),
      cluster('b', {
        scannedAt: new Date('2026-01-01T00:00:00Z'),
        databases: [database('one', { remains: { 'tenantry.tombstone': 1, 'tenantry.answer': 2 } })],
        notScanned: [{ database: 'template1', reason: 'a template' }],
      }),
    ]);
    expect(evidence).toMatchObject({
      clean: true,
      scannedAt: '2026-01-01T00:00:00.000Z',
      databasesScanned: 3,
      tablesScanned: 9,
      remains: { 'tenantry.tombstone': 2, 'tenantry.answer': 2 },
      notScanned: [{ cluster: 'b', database: 'template1', reason: 'a template' }],
    });
    expect(evidence).not.toHaveProperty('omitted');
  });

  it('counts what it leaves out, and puts findings first', () => {
    const many = Array.from({ length: 300 }, (_, index) => database(`d${1000 + index}`));
    const tables = Array.from({ length: 250 }, (_, index) => ({ schema: 's', table: `t${index}`, rows: 1 }));
    const evidence = evidenceOf([cluster('a', { databases: [...many, database('z', { tables })] })]);
    expect(evidence.databases[0]?.database).toBe('z');
    expect(evidence.omitted).toEqual({ databases: 101, tables: 50 });
    expect(evidence).toMatchObject({ clean: false, databasesScanned: 301 });
  });

  it.each([
    [
      'a table',
      { databases: [database('d', { tables: [{ schema: 's', table: 't', rows: 2 }] })] },
      '2 rows in s.t of c/d',
    ],
    ['a schema', { databases: [database('d', { schemas: ['t_x'] })] }, 'schema t_x of c/d'],
    ['a database', { namedDatabases: ['t_x'] }, 'database c/t_x'],
    ['a role', { roles: ['t_x'] }, 'role t_x of c'],
    ['a view', { databases: [database('d', { objects: ['view public.t_x'] })] }, 'view public.t_x of c/d'],
    ['a slot', { objects: ['replication slot t_x'] }, 'replication slot t_x of c'],
  ])('is not clean with %s', (_what, found, words) => {
    const scans = [cluster('c', found)];
    expect(findingsOf(scans)).toEqual({ remnants: [words], unknown: [] });
    expect(evidenceOf(scans).clean).toBe(false);
  });

  it.each([
    ['cluster', { unscannable: [{ cluster: 'c', reason: 'away' }] }, 'cluster c (away)'],
    ['database', { unscannable: [{ cluster: 'c', database: 'd', reason: 'closed' }] }, 'c/d (closed)'],
    [
      'table',
      { databases: [database('d', { unscannable: [{ schema: 's', table: 't', reason: 'locked' }] })] },
      's.t of c/d (locked)',
    ],
  ])('is not clean with a %s that could not be looked at', (_what, found, words) => {
    const scans = [cluster('c', found)];
    expect(findingsOf(scans)).toEqual({ remnants: [], unknown: [words] });
    expect(evidenceOf(scans).clean).toBe(false);
  });
});
