import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readMigrateConfig, readServeConfig, readSweepConfig } from './config.js';

let folder: string;
const file = (name: string, content: string): string => {
  const at = path.join(folder, name);
  writeFileSync(at, content);
  return at;
};

const LEAST = {
  DATABASE_URL: 'postgres://app:hunter2@db/x',
  PROVISIONER_DATABASE_URL: 'postgres://prov:hunter2@db/x',
  EMBEDDED_TRANSPORT_URL: 'postgres://reference:hunter2@db/y',
  MIGRATE_DATABASE_URL: 'postgres://admin:hunter2@db/x',
  EU1_URL: 'postgres://app:hunter2@eu/x',
  EU1_PROVISIONER_URL: 'postgres://prov:hunter2@eu/x',
};
const EU1 = { databaseUrl: 'env:EU1_URL', provisionerUrl: 'env:EU1_PROVISIONER_URL' };

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'clusters-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const withClusters = (clusters: unknown): Record<string, string> => ({
  ...LEAST,
  CLUSTERS_FILE: file('clusters.json', typeof clusters === 'string' ? clusters : JSON.stringify(clusters)),
});

describe('the clusters of a service', () => {
  it('are the one of DATABASE_URL where nothing else is said, without tenants’ own databases', () => {
    const config = readServeConfig(LEAST);
    expect([config.defaultCluster, config.clusters, config.tenantLoginKeys]).toEqual([
      'default',
      {},
      undefined,
    ]);
    expect(config.databaseUrl.read()).toBe(LEAST.DATABASE_URL);
    expect(config.connectionLimits).toEqual({
      total: 50,
      shared: 10,
      dedicated: 20,
      perTenant: 5,
      waitMs: 5000,
    });
  });

  it('are told by reference, and read anew whenever they are used', () => {
    const mounted = file('eu-1', `${LEAST.EU1_URL}\n`);
    const from = withClusters({
      'eu-1': { ...EU1, databaseUrl: `file:${mounted}`, migrateUrl: 'env:EU1_URL' },
    });
    for (const { clusters } of [readServeConfig(from), readMigrateConfig(from), readSweepConfig(from)]) {
      writeFileSync(mounted, LEAST.EU1_URL);
      expect(clusters['eu-1']?.databaseUrl.read()).toBe(LEAST.EU1_URL);
      expect(clusters['eu-1']?.migrateUrl?.read()).toBe(LEAST.EU1_URL);
      writeFileSync(mounted, 'postgres://app:rotated@eu/x');
      expect(clusters['eu-1']?.databaseUrl.read()).toBe('postgres://app:rotated@eu/x');
      writeFileSync(mounted, LEAST.EU1_URL);
    }
  });

  it('may have DATABASE_URL in a file', () => {
    const from = { ...LEAST, DATABASE_URL: `file:${file('app', LEAST.DATABASE_URL)}` };
    expect(readServeConfig(from).databaseUrl.read()).toBe(LEAST.DATABASE_URL);
  });

  it('have tenants’ own databases with a key for their logins', () => {
    const key = file('key', 'k'.repeat(32));
    const { tenantLoginKeys } = readServeConfig({ ...LEAST, TENANT_LOGIN_KEY: `file:${key}` });
    expect(tenantLoginKeys?.current.read()).toBe('k'.repeat(32));
  });

  it.each([
    [
      'a URL in the open',
      { 'eu-1': { ...EU1, databaseUrl: LEAST.EU1_URL } },
      /eu-1\.databaseUrl must be env:NAME/,
    ],
    ['a variable that is not set', { 'eu-1': { ...EU1, databaseUrl: 'env:NOBODY' } }, /env:NOBODY.*not set/],
    ['a URL without a login', { 'eu-1': { ...EU1, databaseUrl: 'env:BARE' } }, /eu-1\.databaseUrl must name/],
    ['a missing URL', { 'eu-1': { databaseUrl: 'env:EU1_URL' } }, /eu-1\.provisionerUrl must be/],
    ['what it does not know', { 'eu-1': { ...EU1, password: 'hunter2' } }, /eu-1 has no password/],
    ['the cluster of DATABASE_URL', { default: EU1 }, /default is the cluster of DATABASE_URL/],
    ['another name', { 'EU 1': EU1 }, /name must match/],
    ['no object', [EU1], /must hold an object/],
    ['no JSON', '{hunter2', /must hold JSON/],
  ])('refuse %s, and show no value', (_what, clusters, message) => {
    const from = { ...withClusters(clusters), BARE: 'postgres://eu/x' };
    for (const read of [readServeConfig, readMigrateConfig, readSweepConfig]) {
      expect(() => read(from)).toThrow(message);
      expect(() => read(from)).not.toThrow(/hunter2/);
    }
  });

  it.each([
    ['a file that is not there', { CLUSTERS_FILE: '/nowhere/clusters.json' }, /cannot be read \(ENOENT\)/],
    ['a key that is too short', { TENANT_LOGIN_KEY: 'env:SHORT', SHORT: 'hunter2' }, /32 characters/],
    [
      'a key in the open',
      { TENANT_LOGIN_KEY: 'hunter2 hunter2 hunter2 hunter2 hunter2' },
      /TENANT_LOGIN_KEY must/,
    ],
    ['a previous key alone', { TENANT_LOGIN_PREVIOUS_KEY: 'env:EU1_URL' }, /of no use without/],
  ])('refuse %s', (_what, wrong, message) => {
    expect(() => readServeConfig({ ...LEAST, ...wrong })).toThrow(message);
    expect(() => readServeConfig({ ...LEAST, ...wrong })).not.toThrow(/hunter2/);
  });
});
