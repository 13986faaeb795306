import { newApiKey } from '@tenantry/service';
import { databaseUrl, dropInstallation, withClient } from '@tenantry/testing/servers';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Secrets } from './pod-runner/given.js';

/** What is there before Helm comes: databases, Secrets with their URLs and with keys, a folder for files of Pods. */
export interface StandIn {
  readonly secrets: Secrets;
  readonly folder: string;
  /** Which databases the verifier is to look at. */
  readonly scanned: readonly string[];
  readonly adminKey: string;
  readonly serviceKey: string;
  remove(): Promise<void>;
}

const DATABASES = ['control', 'reference', 'verifier'] as const;

/** Makes it on the server of TEST_DATABASE_URL. */
export async function standIn(): Promise<StandIn> {
  const prefix = `${process.env['TEST_DATABASE_PREFIX'] ?? 'tnt_test_'}${randomBytes(6).toString('hex')}`;
  const serverUrl = process.env['TEST_DATABASE_URL'] ?? '';
  const password = randomBytes(18).toString('base64url');
  const named = (database: (typeof DATABASES)[number]): string => `${prefix}_${database}`;
  const admin = (database: (typeof DATABASES)[number]): string => databaseUrl(serverUrl, named(database));
  const login = (database: (typeof DATABASES)[number], name: string): string =>
    databaseUrl(serverUrl, named(database), `${prefix}_${name}_login`, password);
  const [adminKey, serviceKey] = [newApiKey(), newApiKey()];

  await withClient(serverUrl, async (client) => {
    for (const database of DATABASES)
      await client.query(`CREATE DATABASE ${named(database)} TEMPLATE template0`);
  });
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-pods-'));
  return {
    folder,
    scanned: [`${prefix}_*`, `!${named('control')}`],
    adminKey: adminKey.key,
    serviceKey: serviceKey.key,
    secrets: {
      'tenantry-database': { url: login('control', 'control'), 'admin-url': admin('control') },
      'tenantry-bootstrap-key': { hash: adminKey.hash },
      'tenantry-signing-key': {
        'signing-key.pem': generateKeyPairSync('ed25519')
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      },
      'tenantry-transport': {
        reference: login('control', 'transport'),
        verifier: login('control', 'verifier_transport'),
      },
      'tenantry-reference-database': {
        url: login('reference', 'app'),
        'provisioner-url': login('reference', 'provisioner'),
        'support-url': login('reference', 'support'),
        'admin-url': admin('reference'),
      },
      'tenantry-reference-keys': { hashes: serviceKey.hash },
      'tenantry-reference-logins': { key: randomBytes(32).toString('hex') },
      'tenantry-context-key': { key: randomBytes(32).toString('hex') },
      'tenantry-verifier-database': { url: login('verifier', 'verifier'), 'admin-url': admin('verifier') },
      'tenantry-verifier-scan': {
        urls: `default=${login('verifier', 'scan')}`,
        'admin-urls': `default=${admin('verifier')}`,
      },
    },
    remove: async () => {
      await dropInstallation(DATABASES.map(named), prefix);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
