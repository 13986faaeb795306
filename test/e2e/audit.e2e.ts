import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startSystem, withClient, type HttpAnswer, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TenantSteps, type Tenant } from './tenant-steps.js';

const VERIFY = path.resolve(import.meta.dirname, '../../apps/control-plane/bin/tenantry-verify.js');

/** Processes start slowly where others build. */
const PATIENCE_MS = 60_000;

describe('the audit log and deletion certificates of separate processes', () => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'tenantry-audit-'));
    const env = {
      'control-plane': {
        REQUEST_BACKOFF_BASE_MS: '500',
        REQUEST_BACKOFF_MAX_MS: '2000',
        AUDIT_CHECKPOINT_FILE: path.join(folder, 'checkpoints'),
      },
    };
    system = await startSystem({ transport: 'embedded', env });
    steps = new TenantSteps(system);
  }, 120_000);
  afterAll(async () => {
    await system?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const certificateOf = (id: string): Promise<HttpAnswer<string & Record<string, unknown>>> =>
    system.control.get(`/v1/tenants/${id}/certificate`);

  const certified = (id: string): Promise<string> =>
    waitFor(
      'the certificate',
      async () => {
        const { status, body } = await certificateOf(id);
        return status === 200 && body;
      },
      PATIENCE_MS,
    );

  /** What the command says about a file, with the keys as they are published now. */
  async function verify(
    what: string,
    text: string,
    ...more: string[]
  ): Promise<{ status: number; out: string }> {
    const [file, keys] = [path.join(folder, what), path.join(folder, 'jwks.json')];
    writeFileSync(file, text);
    const { body } = await system.control.withKey().get('/.well-known/jwks.json');
    writeFileSync(keys, JSON.stringify(body));
    return new Promise((resolve) => {
      const args = [VERIFY, what, file, '--keys', keys, ...more];
      // Nothing of this machine's environment: neither a database nor a network has to be there.
      execFile(process.execPath, args, { env: {} }, (error, out) =>
        resolve({ status: Number(error?.code ?? 0), out }),
      );
    });
  }

  const waiting = async (): Promise<number> =>
    (await steps.rows('control-plane', 'SELECT 1 FROM tenantry.audit_pending')).length;

  /** Waits until everything is sequenced and signed, and has the whole log verified. */
  async function verifiedLog(): Promise<string> {
    await waitFor('the log to be sequenced', async () => (await waiting()) === 0, PATIENCE_MS);
    await waitFor(
      'the log to be signed',
      async () => {
        const rows = await steps.rows(
          'control-plane',
          'SELECT 1 FROM tenantry.audit_head WHERE size = (SELECT max(tree_size) FROM tenantry.audit_checkpoint)',
        );
        return rows.length === 1;
      },
      PATIENCE_MS,
    );
    // In this order, since the log goes on growing: a checkpoint that is younger than the export would tell of a cut.
    const kept = path.join(folder, 'kept');
    copyFileSync(path.join(folder, 'checkpoints'), kept);
    const { body } = await system.control.get<string>('/v1/audit/export');
    const { status, out } = await verify('audit', body, '--checkpoint', kept);
    expect([status, out]).toEqual([0, expect.stringMatching(/^AS SIGNED/)]);
    return body;
  }

  async function restartAt(point: string): Promise<void> {
    await system.shutDown('control-plane');
    await system.launch('control-plane', { TENANTRY_CRASH_AT: point });
  }

  it.each(['audit.before-position', 'audit.after-position', 'audit.after-checkpoint'])(
    'survive a kill -9 at %s',
    async (point) => {
      await restartAt(point);
      const slug = steps.slug();
      const create = () =>
        system.control.post('/v1/tenants', { slug, name: slug }, { headers: { 'idempotency-key': slug } });
      // It may die before it answers, or before it listens.
      const ended = system.ended('control-plane');
      await waitFor(
        'the process to take a request or to end',
        async () => {
          const answered = create().then(({ status }) => status === 202);
          return Promise.race([answered, ended.then(() => true)]);
        },
        PATIENCE_MS,
      );
      expect(await ended).not.toBe(0);
      await system.start('control-plane');
      await waitFor('the request to be answered', async () => (await create()).status === 202, PATIENCE_MS);
      await verifiedLog();
    },
    120_000,
  );

  it('hold what support did in a service, with tenant and actor', async () => {
    const tenant = await steps.active('pooled');
    const who = ['--actor', 'support-17', '--reason', 'ticket 4711', '--tenant', tenant.id];
    const { status, out } = await system.support(...who, "SELECT name FROM role WHERE name = 'admin'");
    expect([status, out]).toEqual([
      0,
      `${JSON.stringify({ tenantId: tenant.id, row: { name: 'admin' } })}\n`,
    ]);
    const entry = await waitFor(
      'the entry',
      async () => {
        const query = `tenantId=${tenant.id}&action=support.read`;
        const { body } = await system.control.get<{ data: unknown[] }>(`/v1/audit?${query}`);
        return body.data[0];
      },
      PATIENCE_MS,
    );
    expect(entry).toMatchObject({
      actor: 'participant:reference/support-17',
      tenantId: tenant.id,
      reason: 'ticket 4711',
      after: { details: { access: 'read' } },
    });
    await verifiedLog();
  }, 120_000);

  it('certify a deletion once, also through a kill -9 in the middle of it', async () => {
    const tenant = await steps.active('schema');
    await steps.project(tenant.id);
    await system.shutDown('control-plane');
    await system.start('control-plane', { TENANTRY_CRASH_AT: 'certificate.after-insert' });
    await steps.delete(tenant, 'PT0S');
    expect(await system.ended('control-plane')).not.toBe(0);
    const issued = () =>
      steps.rows('control-plane', 'SELECT 1 FROM tenantry.deletion_certificate WHERE tenant_id = $1', [
        tenant.id,
      ]);
    expect(await issued()).toEqual([]);
    await system.start('control-plane');
    const jws = await certified(tenant.id);
    const { status, out } = await verify('certificate', jws);
    expect([status, out]).toEqual([0, expect.stringContaining('VALID AND COMPLETE')]);
    expect(out).toMatch(/purged by reference: acknowledged/);
    expect(out).toMatch(/scanned by verifier: acknowledged/);
    const entries = await steps.rows(
      'control-plane',
      `SELECT 1 FROM tenantry.audit_entry WHERE tenant_id = $1 AND action = 'certificate.issue'`,
      [tenant.id],
    );
    expect(entries).toHaveLength(1);
    const log = await verifiedLog();
    expect(log).toContain(`"resource":"tenants/${tenant.id}/certificate"`);
    const forged = log.replace('"action":"certificate.issue"', '"action":"certificate.refuse"');
    expect((await verify('audit', forged)).status).toBe(1);
  }, 150_000);

  it('refuse to certify what left a table behind, and name it', async () => {
    const tenant: Tenant = await steps.active();
    // In a database that no service knows of, as somebody forgets one; the verifier looks at all that are named so.
    const url = new URL(system.adminUrls['data-plane']);
    const name = url.pathname.slice(1).replace(/_data$/, '_reports');
    await withClient(url.href, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE template0`));
    const reports = new URL(url);
    reports.pathname = `/${name}`;
    try {
      await withClient(reports.href, (client) =>
        client.query(
          `CREATE TABLE forgotten (tenant_id uuid NOT NULL, note text); INSERT INTO forgotten VALUES ('${tenant.id}', 'still here')`,
        ),
      );
      await steps.delete(tenant, 'PT0S');
      const refused = await waitFor(
        'the certificate to be refused',
        async () => {
          const answer = await certificateOf(tenant.id);
          return answer.body['code'] === 'certificate-refused' && answer;
        },
        PATIENCE_MS,
      );
      expect(refused.status).toBe(409);
      expect(refused.body['detail']).toContain('1 rows in public.forgotten');
      expect(refused.body['tables']).toEqual([
        { cluster: 'default', database: name, schema: 'public', table: 'forgotten', rows: 1 },
      ]);
      expect((await steps.read(tenant.id)).state).toBe('PURGING');

      await withClient(reports.href, (client) => client.query('DROP TABLE forgotten'));
      const purge = await steps.purge(tenant.id);
      await system.control.post(`/v1/operations/${purge!.id}/retry`, { reason: 'the table is dropped' });
      expect((await verify('certificate', await certified(tenant.id))).status).toBe(0);
    } finally {
      await withClient(url.href, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
    }
  }, 180_000);

  it('do not begin without a key, and say how to make one', async () => {
    await system.shutDown('control-plane');
    const worker = await system.launch('control-plane', { SIGNING_KEY: '' });
    expect((await worker.ended).status).toBe(1);
    expect(system.logs('control-plane').join('\n')).toMatch(
      /SIGNING_KEY is required .*openssl genpkey -algorithm ed25519/,
    );
    await system.start('control-plane');
    // The API alone signs nothing, and needs none.
    const api = await system.startBeside('control-plane', 'main.api');
    expect((await fetch(`${api.url}/.well-known/jwks.json`)).status).toBe(200);
  }, 120_000);
});
