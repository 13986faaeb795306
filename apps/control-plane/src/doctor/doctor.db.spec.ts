import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loginOf, pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { newApiKey, createLogger } from '@tenantry/service';
import { findPgBouncer, freePort, startPgBouncer } from '@tenantry/testing/servers';
import { generateKeyPairSync } from 'node:crypto';
import { insertFirstAdminKeyTx } from '../api-keys/first-admin-key.js';
import { loadSigningKey } from '../config.js';
import { noteFirstIdentity } from '../identity/adopt-identity.js';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';
import { LifecycleHarness } from '../testing/lifecycle-harness.js';
import { clockFinding } from './database-findings.js';
import { examine, type Examination } from './examine.js';
import type { Finding } from './finding.js';
import { poolerMode } from './pooler-finding.js';
import { runDoctor } from './run-doctor.js';

const SECOND = 1000;
const pooled = (await findPgBouncer()) !== undefined || process.env['CI'] === '1' ? it : it.skip;

/** What is wrong, and how it is put right again. */
interface Plant {
  readonly plant: string;
  readonly undo: string;
  readonly finding: string;
  readonly status: Finding['status'];
  /** A part of what was found, and of what is to be done about it. */
  readonly found: string;
  readonly fix: string;
}

const LAST_MIGRATION = CONTROL_PLANE_MIGRATIONS.at(-1)!.name;
const IDENTITY = 'UPDATE tenantry.database_identity SET written_by = pg_current_xact_id()';
const HEARD = `UPDATE tenantry.participant SET last_heartbeat_at = tenantry.now() WHERE name = `;

describe('the doctor', () => {
  let control: LifecycleHarness;
  let examination: Examination;
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const readKey = (environment: Record<string, string>) => () =>
    loadSigningKey({ signingKey: 'env:KEY' }, environment);

  beforeAll(async () => {
    control = await LifecycleHarness.start(['billing', 'search?']);
    await noteFirstIdentity(control.database.adminUrl);
    await control.admin.query('BEGIN');
    await insertFirstAdminKeyTx(pgExecutor(control.admin), newApiKey().hash);
    await control.admin.query('COMMIT');
    await control.admin.query(`${HEARD}'billing'; ${HEARD}'search'`);
    examination = {
      config: {
        databaseUrl: control.serviceUrl,
        kafka: undefined,
        outboxNotify: 'on',
        checkpointIntervalMs: 3600 * SECOND,
      },
      readKey: readKey({ KEY: pem }),
      logger: createLogger({ service: 'test', level: 'silent' }),
    };
  });
  afterAll(() => control.stop());

  const look = async (changes: Partial<Examination> = {}) => examine({ ...examination, ...changes });
  const at = (databaseUrl: string) => ({ config: { ...examination.config, databaseUrl } });
  const named = (findings: readonly Finding[], name: string) =>
    findings.find(({ area, check }) => `${area} ${check}` === name)!;
  const login = () => loginOf(control.serviceUrl).name;

  it('finds nothing wrong where nothing is', async () => {
    const findings = await look();
    const bad = findings.filter(({ status }) => status !== 'ok');
    expect(bad.map(({ area, check, status }) => `${area} ${check} ${status}`)).toEqual([
      'kafka reach not-checked',
      'keys bootstrap warn',
    ]);
    expect(named(findings, 'keys bootstrap').fix).toContain('DELETE /v1/api-keys/');
    expect(named(findings, 'participants billing').found).toContain('heard of');
    expect(named(findings, 'database pooler').found).toContain('none');
  });

  it.each<[string, Plant]>([
    [
      'a login without its rights',
      {
        plant: 'REVOKE tenantry_control FROM LOGIN',
        undo: 'GRANT tenantry_control TO LOGIN WITH INHERIT TRUE, SET FALSE',
        finding: 'database role',
        status: 'fail',
        found: 'no member of tenantry_control',
        fix: 'run main.migrate',
      },
    ],
    [
      'a right that was taken away',
      {
        plant:
          'REVOKE tenantry_control FROM LOGIN; GRANT tenantry_control TO LOGIN WITH INHERIT FALSE, SET TRUE',
        undo: 'GRANT tenantry_control TO LOGIN WITH INHERIT TRUE, SET FALSE',
        finding: 'database privileges',
        status: 'fail',
        found: 'USAGE on schema tenantry',
        fix: 'GRANT tenantry_control',
      },
    ],
    [
      'a migration that is missing',
      {
        plant: `CREATE TABLE kept AS SELECT * FROM tenantry.migration WHERE name = '${LAST_MIGRATION}';
          DELETE FROM tenantry.migration WHERE name = '${LAST_MIGRATION}'`,
        undo: 'INSERT INTO tenantry.migration SELECT * FROM kept; DROP TABLE kept',
        finding: 'database migrations',
        status: 'fail',
        found: LAST_MIGRATION,
        fix: 'run main.migrate of this version',
      },
    ],
    [
      'a newer version that was there',
      {
        plant: `INSERT INTO tenantry.migration (name, checksum) VALUES ('control-plane-9999', 'x')`,
        undo: `DELETE FROM tenantry.migration WHERE name = 'control-plane-9999'`,
        finding: 'database migrations',
        status: 'warn',
        found: 'control-plane-9999',
        fix: 'upgrade the processes',
      },
    ],
    [
      'a restored database',
      {
        plant: `${IDENTITY}, database_oid = database_oid + 1`,
        undo: `${IDENTITY}, database_oid = database_oid - 1`,
        finding: 'database identity',
        status: 'fail',
        found: 'restored',
        fix: 'main.migrate --raise-epoch',
      },
    ],
    [
      'a server that was promoted',
      {
        plant: `${IDENTITY}, promoted_at = now()`,
        undo: `${IDENTITY}, promoted_at = NULL`,
        finding: 'database identity',
        status: 'warn',
        found: 'promoted',
        fix: 'main.migrate --raise-epoch',
      },
    ],
    [
      'a database that nobody has noted',
      {
        plant:
          'CREATE TABLE kept AS TABLE tenantry.database_identity; DELETE FROM tenantry.database_identity',
        undo: `INSERT INTO tenantry.database_identity TABLE kept; ${IDENTITY}; DROP TABLE kept`,
        finding: 'database identity',
        status: 'warn',
        found: 'nobody has noted',
        fix: 'run main.migrate',
      },
    ],
    [
      'a state channel that is ahead',
      {
        plant: `UPDATE tenantry.epoch SET ahead_tenant = '${newId()}', ahead_seq = 99, ahead_seen_at = now()`,
        undo: 'UPDATE tenantry.epoch SET ahead_tenant = NULL, ahead_seq = NULL',
        finding: 'database epoch',
        status: 'fail',
        found: 'does not know any more',
        fix: 'main.migrate --raise-epoch',
      },
    ],
    [
      'a clock that was moved',
      {
        plant: `INSERT INTO tenantry.clock_offset (ahead) VALUES ('1 hour')`,
        undo: 'DELETE FROM tenantry.clock_offset',
        finding: 'database clock',
        status: 'fail',
        found: '3600 s',
        fix: 'DELETE FROM tenantry.clock_offset',
      },
    ],
    [
      'an audit log that nobody signs',
      {
        plant: `INSERT INTO tenantry.clock_offset (ahead) VALUES ('6 hours')`,
        undo: 'DELETE FROM tenantry.clock_offset',
        finding: 'keys checkpoints',
        status: 'fail',
        found: 'audit entries wait',
        fix: 'start a worker with SIGNING_KEY',
      },
    ],
    [
      'a key that never signed anything',
      {
        plant: `INSERT INTO tenantry.signing_key (kid, jwk, first_used_at) VALUES ('strange', '{}', now())`,
        undo: `SET session_replication_role = replica; DELETE FROM tenantry.signing_key; SET session_replication_role = DEFAULT`,
        finding: 'keys jwks',
        status: 'fail',
        found: 'strange',
        fix: 'change its password',
      },
    ],
    [
      'an installation that nobody can administer',
      {
        plant: 'UPDATE tenantry.api_key SET revoked_at = now()',
        undo: 'UPDATE tenantry.api_key SET revoked_at = NULL',
        finding: 'keys admin',
        status: 'fail',
        found: 'no admin key',
        fix: 'BOOTSTRAP_ADMIN_KEY_HASH',
      },
    ],
    [
      'an administrator who will be gone',
      {
        plant: `UPDATE tenantry.api_key SET expires_at = now() + interval '1 day'`,
        undo: 'UPDATE tenantry.api_key SET expires_at = NULL',
        finding: 'keys admin',
        status: 'warn',
        found: 'expires',
        fix: 'POST /v1/api-keys',
      },
    ],
    [
      'a required participant that is silent',
      {
        plant: `UPDATE tenantry.participant SET last_heartbeat_at = tenantry.now() - interval '10 minutes' WHERE name = 'billing'`,
        undo: `${HEARD}'billing'`,
        finding: 'participants billing',
        status: 'fail',
        found: '600 s ago; tenants wait for it',
        fix: 'its /healthz',
      },
    ],
    [
      'an optional one that never spoke',
      {
        plant: `UPDATE tenantry.participant SET last_heartbeat_at = NULL WHERE name = 'search'`,
        undo: `${HEARD}'search'`,
        finding: 'participants search',
        status: 'warn',
        found: 'never heard of',
        fix: 'PARTICIPANT_NAME=search',
      },
    ],
    [
      'nobody to ask',
      {
        plant: `UPDATE tenantry.participant SET retired_at = now(), retired_by = 'test', retire_reason = 'test'`,
        undo: 'UPDATE tenantry.participant SET retired_at = NULL, retired_by = NULL, retire_reason = NULL',
        finding: 'participants any',
        status: 'warn',
        found: 'there is none',
        fix: 'PARTICIPANTS',
      },
    ],
  ])('tells of %s, and what to do', async (_what, { plant, undo, finding, status, found, fix }) => {
    await control.admin.query(plant.replaceAll('LOGIN', login()));
    let findings: readonly Finding[];
    try {
      findings = await look();
    } finally {
      await control.admin.query(undo.replaceAll('LOGIN', login()));
    }
    const told = named(findings, finding);
    expect({ found: told.found, status: told.status }).toEqual({
      found: expect.stringContaining(found),
      status,
    });
    expect(told.fix).toContain(fix);
  });

  it('tells of a login that is too much', async () => {
    const told = named(await look(at(control.database.adminUrl)), 'database role');
    expect(told).toMatchObject({ status: 'fail', found: expect.stringContaining('SUPERUSER') });
    expect(told.fix).toContain('DATABASE_URL');
  });

  it('tells of a database that does not answer, or does not let it in', async () => {
    const away = new URL(control.serviceUrl);
    away.port = String(await freePort());
    const wrong = new URL(control.serviceUrl);
    wrong.password = 'wrong-password';
    for (const url of [away, wrong]) {
      const findings = await look(at(url.href));
      expect(named(findings, 'database reach')).toMatchObject({
        status: 'fail',
        fix: expect.stringContaining('DATABASE_URL'),
      });
      expect(JSON.stringify(findings)).not.toContain(url.password);
    }
  });

  it.each([
    [5 * SECOND, 'warn'],
    [-5 * SECOND, 'warn'],
    [120 * SECOND, 'fail'],
    [0, 'ok'],
  ])('tells of a clock that is %d ms off', async (offMs, status) => {
    const sql = pgExecutor(control.admin);
    const told = await clockFinding(sql, () => Date.now() + offMs);
    expect(told.status).toBe(status);
    if (status !== 'ok') expect(told.fix).toContain('NTP');
  });

  it('tells of a signing key that cannot be used, and of none', async () => {
    const unfit = named(await look({ readKey: readKey({ KEY: 'no key' }) }), 'keys signing');
    expect(unfit).toMatchObject({ status: 'fail', found: expect.stringContaining('openssl genpkey') });
    expect(unfit.found).not.toContain('no key');
    const none = named(await look({ readKey: undefined }), 'keys signing');
    expect(none).toMatchObject({ status: 'not-checked' });
  });

  it('tells of brokers that do not answer', async () => {
    const kafka = { brokers: [`127.0.0.1:${await freePort()}`] };
    const told = named(await look({ config: { ...examination.config, kafka } }), 'kafka reach');
    expect(told).toMatchObject({ status: 'fail', fix: expect.stringContaining('KAFKA_BROKERS') });
  });

  pooled('tells of a pooler in transaction mode, and that it refuses what processes ask for', async () => {
    const bouncer = await startPgBouncer({ serverUrl: control.database.adminUrl });
    try {
      const through = bouncer.through(control.database.adminUrl);
      expect(await poolerMode(through)).toBe('transaction');
      const told = named(await look(at(through)), 'database pooler');
      expect(told).toMatchObject({ status: 'fail', found: expect.stringContaining('statement_timeout') });
      expect(told.fix).toContain('ignore_startup_parameters');
    } finally {
      await bouncer.stop();
    }
  });

  describe('as a command', () => {
    const run = async (args: readonly string[], environment: Record<string, string>) => {
      const written = { out: '', err: '' };
      const status = await runDoctor(
        args,
        { write: (text) => (written.out += text) },
        { write: (text) => (written.err += text) },
        environment,
      );
      return { status, ...written };
    };

    it('prints a table, and ends with 0 when nothing fails', async () => {
      const { status, out } = await run([], { DATABASE_URL: control.serviceUrl });
      expect(out).toContain('ok    database version');
      expect(out).toContain('WARN  keys bootstrap');
      expect(status).toBe(0);
    });

    it('ends with 1 when something fails, also as JSON', async () => {
      const { status, out } = await run(['-o', 'json'], { DATABASE_URL: control.database.adminUrl });
      expect(status).toBe(1);
      expect(JSON.parse(out)).toMatchObject({ status: 'fail', findings: expect.any(Array) });
    });

    it('names the variables that are wrong', async () => {
      const { status, out } = await run([], { PORT: 'x' });
      expect(status).toBe(1);
      expect(out).toContain('FAIL  configuration variables  DATABASE_URL');
      expect(out).toContain('PORT');
    });

    it.each([[['-o', 'yaml']], [['--nothing']], [['more']]])('is called wrongly with %j', async (args) => {
      const { status, err, out } = await run(args, {});
      expect({ status, out }).toEqual({ status: 2, out: '' });
      expect(err).toContain('usage: tenantry-doctor');
    });
  });
});
