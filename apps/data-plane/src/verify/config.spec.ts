import { describe, expect, it } from '@jest/globals';
import { readVerifyConfig, readVerifyMigrateConfig } from './config.js';

const LEAST = {
  VERIFIER_DATABASE_URL: 'postgres://books:hunter2@db/v',
  SCAN_DATABASE_URLS: 'default=postgres://scan:hunter2@db/x, eu-1=postgres://scan:hunter2@eu/y?a=b',
  EMBEDDED_TRANSPORT_URL: 'postgres://verifier:hunter2@db/c',
};

describe('the configuration of the verifier', () => {
  it('looks at every database of every server for the usual column, unless told', () => {
    expect(readVerifyConfig(LEAST)).toMatchObject({
      port: 3002,
      participant: 'verifier',
      targets: [
        { cluster: 'default', url: 'postgres://scan:hunter2@db/x' },
        { cluster: 'eu-1', url: 'postgres://scan:hunter2@eu/y?a=b' },
      ],
      databases: [],
      tenantColumns: ['tenant_id'],
      transport: { kind: 'embedded' },
    });
    expect(
      readVerifyConfig({ ...LEAST, SCAN_DATABASES: '*,!control', SCAN_TENANT_COLUMNS: 'a,b' }),
    ).toMatchObject({
      databases: ['*', '!control'],
      tenantColumns: ['a', 'b'],
    });
  });

  it('makes the logins of those servers whose administrator it is given', () => {
    const config = readVerifyMigrateConfig({
      ...LEAST,
      MIGRATE_DATABASE_URL: 'postgres://admin@db/v',
      SCAN_ADMIN_URLS: 'eu-1=postgres://admin@eu/y',
      SCAN_DATABASES: '!control',
    });
    expect(config.scans).toEqual([
      {
        adminUrl: 'postgres://admin@eu/y',
        login: { name: 'scan', password: 'hunter2' },
        databases: ['!control'],
      },
    ]);
  });

  it.each([
    ['no server', { SCAN_DATABASE_URLS: '' }, /SCAN_DATABASE_URLS is required/],
    [
      'a URL without a cluster',
      { SCAN_DATABASE_URLS: 'postgres://scan:hunter2@db/x' },
      /SCAN_DATABASE_URLS must be/,
    ],
    [
      'a URL without a login',
      { SCAN_DATABASE_URLS: 'a=postgres://db/x' },
      /SCAN_DATABASE_URLS must hold URLs/,
    ],
    [
      'a cluster twice',
      { SCAN_DATABASE_URLS: 'a=postgres://s@db/x,a=postgres://s@db/y' },
      /each cluster once/,
    ],
    [
      'an administrator of another server',
      { SCAN_ADMIN_URLS: 'us=postgres://admin@us/y' },
      /SCAN_ADMIN_URLS names/,
    ],
  ])('refuses %s, and tells no value', (_what, wrong, message) => {
    const from = { ...LEAST, MIGRATE_DATABASE_URL: 'postgres://admin@db/v', ...wrong };
    expect(() => readVerifyMigrateConfig(from)).toThrow(message);
    expect(() => readVerifyMigrateConfig(from)).not.toThrow(/hunter2/);
  });
});
