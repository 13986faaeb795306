import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import pg from 'pg';
import { HOLES } from './holes.js';
import { CATALOGUE_PROBES } from './probes/all-probes.js';
import { auditCatalogue } from './run-audit.js';
import { connectedTo } from './read-only.js';
import { startAuditServer, type AuditServer } from './testing/audit-server.js';
import { APP, CLEAN_OPTIONS, CLEAN_SQL } from './testing/clean-database.js';
import { PLANTED_HOLES } from './testing/planted-holes.js';

/** What cannot be planted inside a transaction is planted where it is asked for. */
const PLANTED_ELSEWHERE: Readonly<Record<number, string>> = {
  13: 'a session, below',
  23: 'restored-copy.db.spec.ts',
  31: 'login-probes.db.spec.ts',
};

describe.each([15, 18] as const)('the audit of a PostgreSQL %i', (version) => {
  let server: AuditServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startAuditServer(version);
    await connectedTo(server.urlOf('postgres'), (admin) => admin.query('CREATE DATABASE shop'));
    client = new pg.Client({ connectionString: server.urlOf('shop') });
    await client.connect();
    await client.query(CLEAN_SQL);
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('finds nothing in the clean database', async () => {
    const { findings, tier, scope } = await auditCatalogue(pgExecutor(client), CLEAN_OPTIONS);
    expect(findings).toEqual([]);
    expect(tier).toBe('bug-safe');
    expect(scope.serverVersion).toMatch(new RegExp(`^${version}\\.`));
  });

  it.each(PLANTED_HOLES)('names hole $hole, $probe, in $object', async (planted) => {
    await client.query('BEGIN');
    try {
      if (planted.sql !== '') await client.query(planted.sql);
      const options = { ...CLEAN_OPTIONS, ...planted.options };
      const { findings } = await auditCatalogue(pgExecutor(client), options);
      const found = findings.map(({ hole, probe, object }) => ({ hole, probe, object: object.name }));
      expect(found).toContainEqual({
        hole: planted.hole,
        probe: planted.probe,
        object: expect.stringContaining(planted.object),
      });
      const others = found.filter(({ probe }) => probe !== planted.probe && !planted.also?.includes(probe));
      expect(others).toEqual([]);
      for (const { what, mend } of findings) expect([what, mend].join()).toMatch(/^[^{}]{20,}$/s);
    } finally {
      await client.query('ROLLBACK');
    }
  });

  it('names a session that was left in a transaction, and a slot', async () => {
    await connectedTo(server.urlOf('shop', APP), async (left) => {
      await left.query('BEGIN');
      await client.query(`SELECT pg_create_logical_replication_slot('leak', 'pgoutput')`);
      const options = { ...CLEAN_OPTIONS, idleInTransactionMs: 0 };
      const { findings } = await auditCatalogue(pgExecutor(client), options);
      expect(findings.map(({ hole, probe }) => `${hole} ${probe}`)).toEqual([
        '13 left-in-transaction',
        '22 logical-decoding',
      ]);
      await client.query(`SELECT pg_drop_replication_slot('leak')`);
    });
  });

  it('finds out by itself who serves', async () => {
    const { scope } = await auditCatalogue(pgExecutor(client));
    expect(scope).toMatchObject({ appRoles: [APP.name], inferred: true });
  });
});

describe('the table of planted holes', () => {
  it('has every hole of the list and every probe', () => {
    const planted = new Set([
      ...PLANTED_HOLES.map(({ hole }) => hole),
      ...Object.keys(PLANTED_ELSEWHERE).map(Number),
    ]);
    expect(HOLES.map(({ number }) => number).filter((number) => !planted.has(number))).toEqual([]);
    const named = new Set([...PLANTED_HOLES.map(({ probe }) => probe), 'left-in-transaction']);
    expect(CATALOGUE_PROBES.map(({ id }) => id).filter((id) => !named.has(id))).toEqual([]);
  });
});
