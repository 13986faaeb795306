import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import pg from 'pg';
import type { AuditOptions } from './audit-options.js';
import { type Finding, keyOf } from './finding.js';
import { HOLES } from './holes.js';
import { CATALOGUE_PROBES } from './probes/all-probes.js';
import { auditCatalogue } from './run-audit.js';
import { connectedTo } from './read-only.js';
import { startAuditServer, type AuditServer } from './testing/audit-server.js';
import { APP, CLEAN_OPTIONS, CLEAN_SQL } from './testing/clean-database.js';
import { PLANTED_HOLES, type PlantedHole } from './testing/planted-holes.js';

/** What cannot be planted inside a transaction is planted where it is asked for. */
const PLANTED_ELSEWHERE: Readonly<Record<number, string>> = {
  13: 'a session, below',
  23: 'restored-copy.db.spec.ts',
  31: 'login-probes.db.spec.ts',
};

/** Each statement under a name of its own, which the server then knows. */
function prepared(client: pg.Client): SqlExecutor {
  return pgExecutor({
    query: (text, values = []) =>
      client.query({ name: createHash('md5').update(text).digest('hex'), text, values }),
  });
}

/** What a comment behind the SQL says is still to be done. */
const LEAVES_WORK = new Set(['unique-without-tenant', 'reference-without-tenant']);
const mended = new Set<string>();

describe.each([15, 18] as const)('the audit of a PostgreSQL %i', (version) => {
  let server: AuditServer;
  let client: pg.Client;

  beforeAll(async () => {
    server = await startAuditServer(version);
    await connectedTo(server.urlOf('postgres'), (admin) => admin.query('CREATE DATABASE shop'));
    client = new pg.Client({ connectionString: server.urlOf('shop') });
    await client.connect();
    await client.query(CLEAN_SQL);
    // The same long statement over a hundred times: planned once.
    await client.query('SET plan_cache_mode = force_generic_plan; SET jit = off');
  }, 60_000);

  afterAll(async () => {
    await client?.end();
    await server?.stop();
  });

  it('finds nothing in the clean database', async () => {
    const { findings, tier, scope } = await auditCatalogue(prepared(client), CLEAN_OPTIONS);
    expect(findings).toEqual([]);
    expect(tier).toBe('bug-safe');
    expect(scope.serverVersion).toMatch(new RegExp(`^${version}\\.`));
  });

  it.each(PLANTED_HOLES)('names hole $hole, $probe, in $object', async (planted) => {
    await client.query('BEGIN');
    try {
      if (planted.sql !== '') await client.query(planted.sql);
      const options = { ...CLEAN_OPTIONS, ...planted.options };
      const { findings } = await auditCatalogue(prepared(client), options);
      const found = findings.map(({ hole, probe, object }) => ({ hole, probe, object: object.name }));
      expect(found).toContainEqual({
        hole: planted.hole,
        probe: planted.probe,
        object: expect.stringContaining(planted.object),
      });
      const named = findings.find(({ object }) => object.name.startsWith(planted.object));
      if (planted.severity) expect(named?.severity).toBe(planted.severity);
      const others = found.filter(({ probe }) => probe !== planted.probe && !planted.also?.includes(probe));
      expect(others).toEqual([]);
      for (const { what } of findings) expect(what.length).toBeGreaterThan(20);
      if (version === 18) await mend(findings, planted, options);
    } finally {
      await client.query('ROLLBACK');
    }
  });

  /** What is said to mend it does, wherever nobody has to decide anything first. */
  async function mend(
    findings: readonly Finding[],
    { probe }: PlantedHole,
    options: AuditOptions,
  ): Promise<void> {
    const mending = findings
      .filter((finding) => finding.probe === probe)
      .map(({ mend: sql }) => sql.replaceAll('CONCURRENTLY ', ''));
    if (mending.some((sql) => sql.startsWith('--') || sql.includes('…'))) return;
    for (const sql of mending) await client.query(sql);
    const left = (await auditCatalogue(prepared(client), options)).findings;
    if (!LEAVES_WORK.has(probe)) expect(left.map((finding) => keyOf(finding))).toEqual([]);
    mended.add(probe);
  }

  it('names a session that was left in a transaction, and a slot', async () => {
    await connectedTo(server.urlOf('shop', APP), async (left) => {
      await left.query('BEGIN');
      await client.query(`SELECT pg_create_logical_replication_slot('leak', 'pgoutput')`);
      const options = { ...CLEAN_OPTIONS, idleInTransactionMs: 0 };
      const { findings } = await auditCatalogue(prepared(client), options);
      expect(findings.map(({ hole, probe }) => `${hole} ${probe}`)).toEqual([
        '13 left-in-transaction',
        '22 logical-decoding',
      ]);
      await client.query(`SELECT pg_drop_replication_slot('leak')`);
    });
  });

  it('finds out by itself who serves', async () => {
    const { scope } = await auditCatalogue(prepared(client));
    expect(scope).toMatchObject({ appRoles: [APP.name], inferred: true });
  });
});

describe('the table of planted holes', () => {
  it('has most of them mended by what is said to mend them', () => {
    expect([...mended].length).toBeGreaterThan(20);
  });

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
