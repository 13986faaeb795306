import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { newId } from '@tenantry/kernel';
import type { Problem } from '@tenantry/service';
import { waitFor } from '@tenantry/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AuditWorkersModule } from '../audit/audit-workers.module.js';
import { readCheckpoint } from '../audit/checkpoint.js';
import { DatabaseModule } from '../database/database.module.js';
import type { SigningKey } from '../signing/signing-key.js';
import { ApiHarness } from '../testing/api-harness.js';
import { AuditReplica, TEST_RETENTION, newSigningKey } from '../testing/audit-replica.js';
import { leafOf, rootFromPath } from '../testing/rfc9162.js';
import { runVerification } from '../verifying/run-verification.js';
import { CertificateWorkersModule } from './certificate-workers.module.js';
import { signCertificate } from './certificate-jws.js';
import type { Certificate } from './certificate.js';
import { verifyCertificate } from './verify-certificate.js';

const PURGED = {
  before: { 'app.project': 7 },
  after: { 'app.project': 0 },
  remains: { 'tenantry.tombstone': 1 },
};
const CLEAN = {
  databases: [{ cluster: 'default', database: 'app', tablesScanned: 12, schemas: [], tables: [] }],
  roles: [],
  scannedAt: '2026-01-01T00:00:00.000Z',
  remains: { 'tenantry.tombstone': 1 },
  clean: true,
};
const FORGOTTEN = {
  ...CLEAN,
  databases: [
    {
      cluster: 'default',
      database: 'app',
      tablesScanned: 13,
      schemas: ['t_old'],
      tables: [{ schema: 'app', table: 'forgotten', rows: 3 }],
    },
  ],
  roles: [{ cluster: 'default', role: 't_role' }],
  clean: false,
};

describe('a deletion certificate', () => {
  let api: ApiHarness;
  let replica: AuditReplica;
  beforeAll(async () => {
    api = await ApiHarness.start(['reference', 'verifier=verify']);
    replica = await AuditReplica.start(api.control.serviceUrl);
  });
  afterAll(async () => {
    await replica?.stop();
    await api?.stop();
  });

  /** A tenant that was asked to be deleted, and whose participants are asked to purge it. */
  async function purging(gracePeriod = 'PT0S'): Promise<string> {
    const id = await api.control.active();
    const answer = await api.call(
      'DELETE',
      `/v1/tenants/${id}?gracePeriod=${gracePeriod}&reason=contract+ended`,
      {
        headers: { 'x-request-id': 'delete-it' },
      },
    );
    expect(answer.status).toBe(202);
    await api.control.reconcile(id);
    await api.control.acknowledge(id);
    await api.control.reconcile(id);
    await api.control.reconcile(id);
    return id;
  }

  async function purgedBy(id: string, evidence: Record<string, unknown> | undefined = PURGED): Promise<void> {
    await api.control.acknowledge(id, evidence === undefined ? {} : { evidence });
    await api.control.reconcile(id);
  }

  async function scannedBy(id: string, evidence: Record<string, unknown> = CLEAN): Promise<void> {
    await api.control.acknowledge(id, { evidence }, 'verifier');
    await api.control.reconcile(id);
  }

  async function purged(): Promise<string> {
    const id = await purging();
    await purgedBy(id);
    await scannedBy(id);
    expect(await api.control.state(id)).toBe('PURGED');
    return id;
  }

  async function purgeOf(id: string): Promise<string> {
    const [operation] = await api.control.rows<{ id: string }>(
      `SELECT id FROM tenantry.operation WHERE tenant_id = $1 AND kind = 'purge'`,
      [id],
    );
    return operation!.id;
  }

  async function attest(id: string, participant: string): Promise<number> {
    const { status } = await api.call(
      'POST',
      `/v1/operations/${await purgeOf(id)}/tasks/${participant}/attest`,
      { body: { reason: 'the service was switched off years ago' } },
    );
    return status;
  }

  async function get(id: string): Promise<{ status: number; type: string; text: string; problem: Problem }> {
    const response = await fetch(`${await api.app.getUrl()}/v1/tenants/${id}/certificate`, {
      headers: { authorization: `Bearer ${api.adminKey}` },
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      type,
      text,
      problem: type.startsWith('application/problem+json') ? JSON.parse(text) : undefined,
    };
  }

  async function certified(id: string): Promise<Certificate> {
    await replica.checkpoint();
    expect(await replica.issuer.issue(id)).toBe(true);
    const { status, text } = await get(id);
    expect(status).toBe(200);
    const report = await verifyCertificate(text, [replica.key.publicKey]);
    if (report.problem !== undefined) throw new Error(report.problem);
    return report.certificate;
  }

  it('says everything there is to say, and proves it', async () => {
    const id = await purged();
    const before = await get(id);
    expect([before.status, before.problem.code, before.problem['waitsFor']]).toEqual([
      409,
      'certificate-not-ready',
      'the end of the purge waits for its position in the audit log.',
    ]);
    await replica.sequenceAll();
    expect((await get(id)).problem.detail).toMatch(
      /no signed checkpoint of the audit log covers position \d+/,
    );
    expect(await replica.issuer.issue(id).catch((error: Error) => error.message)).toMatch(
      /no signed checkpoint/,
    );
    await replica.checkpoint();
    expect((await get(id)).problem.detail).toContain('about to issue it');
    const certificate = await certified(id);
    const { text, type } = await get(id);
    expect([type, text.split('.').length]).toEqual(['application/jose', 3]);
    const [tenant] = await api.control.rows<{ slug: string; purged_at: Date }>(
      'SELECT slug, purged_at FROM tenantry.tenant WHERE id = $1',
      [id],
    );
    const [deletion, purge] = await api.control.rows<{
      id: string;
      created_at: Date;
      finished_at: Date;
      generation: string;
    }>(
      `SELECT id, created_at, finished_at, generation FROM tenantry.operation WHERE tenant_id = $1 AND kind IN ('delete', 'purge') ORDER BY generation`,
      [id],
    );
    expect(certificate).toMatchObject({
      version: 1,
      complete: true,
      reasons: [],
      tenant: { id, slug: tenant!.slug, isolation: 'pooled', region: 'eu' },
      request: {
        operationId: deletion!.id,
        requestedAt: deletion!.created_at.toISOString(),
        actor: expect.stringMatching(/^api-key:/),
        reason: 'contract ended',
        requestId: 'delete-it',
        gracePeriod: 'PT0S',
      },
      purge: {
        operationId: purge!.id,
        generation: Number(purge!.generation),
        begunAt: purge!.created_at.toISOString(),
        endedAt: purge!.finished_at.toISOString(),
      },
      participants: [
        {
          participant: 'reference',
          role: 'purge',
          outcome: 'acknowledged',
          attestation: null,
          evidence: PURGED,
        },
        {
          participant: 'verifier',
          role: 'scan',
          outcome: 'acknowledged',
          attestation: null,
          evidence: CLEAN,
        },
      ],
    });
    const backups = certificate.remains.find(({ what }) => what.startsWith('Backups'));
    expect(backups?.until).toBe(
      new Date(tenant!.purged_at.getTime() + TEST_RETENTION.backupsMs!).toISOString(),
    );
    expect(certificate.remains.find(({ what }) => what.includes('tombstone'))?.what).toContain(
      '1 in tenantry.tombstone',
    );
    const events = certificate.remains.find(({ what }) => what.startsWith('Lifecycle events'));
    expect([events?.until, events?.why]).toEqual([null, expect.stringContaining('does not state')]);
    // The proof, by an independent implementation.
    const { audit } = certificate;
    // Of canonical JSON, so that it is canonical as it was read.
    expect(leafOf(JSON.stringify(audit.entry)).toString('hex')).toBe(audit.leafHash);
    const root = rootFromPath(
      Buffer.from(audit.leafHash, 'hex'),
      audit.position,
      audit.treeSize,
      audit.inclusionProof.map((hash) => Buffer.from(hash, 'hex')),
    );
    expect(root.equals(readCheckpoint(audit.checkpoint)!.root)).toBe(true);
    expect(audit.entry).toMatchObject({
      action: 'operation.succeeded',
      resource: `operations/${purge!.id}`,
      tenantId: id,
    });
    const [entry] = (await api.audit(`tenants/${id}/certificate`)) as {
      actor: string;
      action: string;
      after: object;
    }[];
    expect(entry).toMatchObject({
      actor: 'system:certificates',
      action: 'certificate.issue',
      after: { operationId: purge!.id, complete: true, position: audit.position },
    });
  });

  it('is one, however many issue it', async () => {
    const id = await purged();
    await replica.checkpoint();
    const others = await Promise.all(
      [1, 2, 3].map(() => AuditReplica.start(api.control.serviceUrl, replica.key)),
    );
    try {
      const issued = await Promise.all(
        [replica, ...others].flatMap(({ issuer }) => [issuer.issue(id), issuer.issue(id)]),
      );
      expect(issued.filter(Boolean)).toHaveLength(1);
      const { text } = await get(id);
      expect(await replica.issuer.issue(id)).toBe(false);
      expect((await get(id)).text).toBe(text);
      expect(await api.audit(`tenants/${id}/certificate`)).toHaveLength(1);
    } finally {
      await Promise.all(others.map((other) => other.stop()));
    }
    const change = api.control.rows(
      `UPDATE tenantry.deletion_certificate SET complete = true WHERE tenant_id = $1`,
      [id],
    );
    await expect(change).rejects.toThrow(/append-only/);
  });

  it('tells of the deadline as it was moved in the end', async () => {
    const id = await api.control.active();
    await api.call('DELETE', `/v1/tenants/${id}?gracePeriod=P30D`);
    const moved = await api.call('PATCH', `/v1/tenants/${id}/deletion`, {
      body: { gracePeriod: 'PT0S' },
      headers: { 'if-match': '*' },
    });
    expect(moved.status).toBe(200);
    await api.control.reconcile(id);
    await api.control.acknowledge(id);
    await api.control.reconcile(id);
    await api.control.reconcile(id);
    await purgedBy(id);
    await scannedBy(id);
    const { request } = await certified(id);
    expect(Date.parse(request!.purgeAfter!)).toBeLessThan(Date.now() + 60_000);
    expect(request!.gracePeriod).toMatch(/^PT\d*S$/);
    expect(request!.reason).toBeNull();
  });

  describe('is incomplete', () => {
    it('when an operator attested in place of a participant', async () => {
      const id = await purging();
      expect(await attest(id, 'reference')).toBe(202);
      await api.control.reconcile(id);
      await scannedBy(id);
      const certificate = await certified(id);
      expect(certificate.complete).toBe(false);
      expect(certificate.reasons).toEqual([
        expect.stringMatching(/^api-key:\S+ attested in place of reference/),
      ]);
      expect(certificate.participants[0]).toMatchObject({
        outcome: 'attested',
        attestation: {
          by: expect.stringMatching(/^api-key:/),
          reason: 'the service was switched off years ago',
        },
      });
    });

    it('when a participant showed nothing for what it did', async () => {
      const id = await purging();
      await api.control.acknowledge(id);
      await api.control.reconcile(id);
      await scannedBy(id);
      expect((await certified(id)).reasons).toEqual(['reference acknowledged without any evidence.']);
    });

    it('when the scan does not say that it found nothing', async () => {
      const id = await purging();
      await purgedBy(id);
      await scannedBy(id, FORGOTTEN);
      expect((await certified(id)).reasons).toEqual([
        'The scan of verifier does not show that nothing is left: it does not say that it found nothing; ' +
          'it names tables: default/app/app/forgotten; it names schemas: default/app/t_old; it names roles: default/t_role.',
      ]);
    });

    it.each([
      [
        'says nothing but that it is clean',
        { clean: true },
        'it looked at no database; it does not say when',
      ],
      ['looked at no database', { ...CLEAN, databases: [] }, 'it looked at no database'],
      ['counts no database', { ...CLEAN, databasesScanned: 0 }, 'it looked at no database'],
      [
        'names a table all the same',
        { ...FORGOTTEN, clean: true },
        'it names tables: default/app/app/forgotten',
      ],
      [
        'names a database all the same',
        { ...CLEAN, namedDatabases: [{ cluster: 'default', database: 't_old' }] },
        'it names databases: default/t_old',
      ],
      [
        'names something else all the same',
        { ...CLEAN, objects: [{ cluster: 'default', object: 'tablespace t_old' }] },
        'it names other objects: default/tablespace t_old',
      ],
      [
        'could not look everywhere',
        { ...CLEAN, unscannable: [{ cluster: 'other', reason: 'away' }] },
        'it could not look at other',
      ],
      ['does not say when it looked', { ...CLEAN, scannedAt: 'yesterday' }, 'it does not say when it looked'],
      ['is of another form', { ...CLEAN, roles: 'none' }, 'not of the form that it should have'],
    ])('when the scan %s', async (_what, evidence, objection) => {
      const id = await purging();
      await purgedBy(id);
      await scannedBy(id, evidence);
      const { complete, reasons } = await certified(id);
      expect([complete, reasons]).toEqual([false, [expect.stringContaining(objection)]]);
    });

    it('when the verifier is one by its own word alone', async () => {
      const id = await purged();
      const declaredAs = (by: string) =>
        api.control.admin.query(`UPDATE tenantry.participant SET declared_by = $1 WHERE name = 'verifier'`, [
          by,
        ]);
      const [known] = await api.control.rows<{ declared_by: string }>(
        `SELECT declared_by FROM tenantry.participant WHERE name = 'verifier'`,
      );
      await declaredAs('heartbeat');
      const { reasons } = await certified(id).finally(() => declaredAs(known!.declared_by));
      expect(reasons).toEqual(['verifier is a verifier by its own word alone: nobody declared it.']);
    });

    it('when the scan was asked for before the last destruction', async () => {
      const id = await purged();
      await api.control.admin.query(
        `UPDATE tenantry.task SET finished_at = finished_at + interval '1 hour'
         WHERE participant = 'reference' AND operation_id = $1`,
        [await purgeOf(id)],
      );
      expect((await certified(id)).reasons).toEqual([
        'The scan of verifier was asked for before reference had destroyed what it held.',
      ]);
    });

    it('when nobody knows what the scan came after', async () => {
      const id = await purged();
      await api.control.admin.query(
        `UPDATE tenantry.task SET counts_from_at = NULL WHERE participant = 'verifier' AND operation_id = $1`,
        [await purgeOf(id)],
      );
      expect((await certified(id)).reasons).toEqual([
        'It is not known when the scan of verifier was asked for.',
      ]);
    });

    it.each([true, false])(
      'when a verifier (required: %s) was retired and attested for after it had found something, which it names',
      async (required) => {
        const change = (text: string) =>
          api.control.admin.query(`UPDATE tenantry.participant SET ${text} WHERE name = 'verifier'`);
        await change(`required = ${required}`);
        try {
          const id = await purging();
          await purgedBy(id);
          const error = '3 rows in app.forgotten of default/app';
          const answer = { outcome: 'failed', retryable: false, error, evidence: FORGOTTEN } as const;
          await api.control.acknowledge(id, answer, 'verifier');
          await api.control.reconcile(id);
          expect(await api.control.state(id)).toBe('PURGING');
          await change(`retired_at = now(), retired_by = 'api-key:x'`);
          await api.control.reconcile(id);
          expect(await api.control.state(id)).toBe('PURGING');
          expect(await attest(id, 'verifier')).toBe(202);
          await api.control.reconcile(id);
          const { complete, reasons } = await certified(id);
          expect([complete, reasons]).toEqual([
            false,
            [
              `The scan of verifier found: ${error}`,
              expect.stringMatching(/^api-key:\S+ attested in place of verifier/),
              'No independent scan has confirmed that nothing is left.',
            ],
          ]);
        } finally {
          await change('required = true, retired_at = NULL, retired_by = NULL');
        }
      },
    );

    it('when a participant that was retired still holds the tenant', async () => {
      const id = await purging();
      await api.control.admin.query(
        `INSERT INTO tenantry.participant (name, required, capabilities, stores, ack_timeout_ms, retired_at, retired_by)
         VALUES ('former', false, '{provision}', '{}', 1000, now(), 'api-key:x') ON CONFLICT DO NOTHING`,
      );
      await api.control.admin.query(
        `INSERT INTO tenantry.tenant_participant (tenant_id, participant, observed, observed_generation, counts_from)
         VALUES ($1, 'former', 'active', 1, 1)`,
        [id],
      );
      await purgedBy(id);
      await scannedBy(id);
      expect((await certified(id)).reasons).toEqual([
        'former was retired while it held the tenant, and has not shown that it destroyed it.',
      ]);
    });

    it('when nobody scanned', async () => {
      const alone = await ApiHarness.start();
      const worker = await AuditReplica.start(alone.control.serviceUrl);
      try {
        const id = await alone.control.active();
        await alone.call('DELETE', `/v1/tenants/${id}?gracePeriod=PT0S`);
        for (let step = 0; step < 2; step += 1) {
          await alone.control.reconcile(id);
          await alone.control.acknowledge(id, { evidence: PURGED });
          await alone.control.reconcile(id);
        }
        expect(await alone.control.state(id)).toBe('PURGED');
        await worker.checkpoint();
        await worker.issuer.issue(id);
        const [row] = await alone.control.rows<{ jws: string; complete: boolean }>(
          'SELECT * FROM tenantry.deletion_certificate',
        );
        const { certificate } = (await verifyCertificate(row!.jws, [worker.key.publicKey])) as {
          certificate: Certificate;
        };
        expect([row!.complete, certificate.complete, certificate.reasons]).toEqual([
          false,
          false,
          ['No independent scan has confirmed that nothing is left.'],
        ]);
      } finally {
        await worker.stop();
        await alone.stop();
      }
    });

    it('when an earlier version purged the tenant and recorded no end of it', async () => {
      const id = await purged();
      const [operation] = await api.control.rows<{ id: string }>(
        `SELECT id FROM tenantry.operation WHERE tenant_id = $1 AND kind = 'purge'`,
        [id],
      );
      const { admin } = api.control;
      await admin.query('BEGIN');
      await admin.query('ALTER TABLE tenantry.audit_entry DISABLE TRIGGER USER');
      await admin.query(
        `DELETE FROM tenantry.audit_pending WHERE entry_id IN (SELECT id FROM tenantry.audit_entry WHERE resource = $1)`,
        [`operations/${operation!.id}`],
      );
      await admin.query('DELETE FROM tenantry.audit_entry WHERE resource = $1', [
        `operations/${operation!.id}`,
      ]);
      await admin.query('ALTER TABLE tenantry.audit_entry ENABLE TRIGGER USER');
      await admin.query('COMMIT');
      const certificate = await certified(id);
      expect(certificate.audit.entry.action).toBe('tenant.purge');
      expect(certificate.reasons).toEqual(['The end of the purge was not recorded in the audit log.']);
    });
  });

  it('takes a participant’s own word for more than an operator’s, and keeps both', async () => {
    const id = await purging();
    expect(await attest(id, 'reference')).toBe(202);
    await purgedBy(id);
    await scannedBy(id);
    const certificate = await certified(id);
    expect(certificate.reasons).toEqual([]);
    expect(certificate.participants[0]).toMatchObject({
      outcome: 'acknowledged',
      evidence: PURGED,
      attestation: {
        by: expect.stringMatching(/^api-key:/),
        reason: 'the service was switched off years ago',
      },
    });
  });

  it('is refused while a scan has found something, and names it', async () => {
    const id = await purging();
    expect((await get(id)).problem).toMatchObject({
      code: 'certificate-not-ready',
      detail: expect.stringContaining('waits for reference'),
    });
    await purgedBy(id);
    expect((await get(id)).problem.detail).toContain('waits for verifier');
    const error = '3 rows in app.forgotten of default/app';
    await api.control.acknowledge(
      id,
      { outcome: 'failed', retryable: false, error, evidence: FORGOTTEN },
      'verifier',
    );
    await api.control.reconcile(id);
    await replica.checkpoint();
    expect(await replica.issuer.issue(id)).toBe(false);
    const { status, problem } = await get(id);
    expect([status, problem.code]).toEqual([409, 'certificate-refused']);
    expect(problem.detail).toContain(error);
    expect(problem).toMatchObject({
      participant: 'verifier',
      tables: [{ cluster: 'default', database: 'app', schema: 'app', table: 'forgotten', rows: 3 }],
      schemas: [{ cluster: 'default', database: 'app', name: 't_old' }],
      roles: [{ cluster: 'default', role: 't_role' }],
    });
    // Somebody removes what was forgotten, and has it looked at again.
    const [operation] = await api.control.rows<{ id: string }>(
      `SELECT id FROM tenantry.operation WHERE tenant_id = $1 AND kind = 'purge'`,
      [id],
    );
    await api.call('POST', `/v1/operations/${operation!.id}/retry`, {
      body: { reason: 'the table is dropped' },
    });
    await api.control.reconcile(id);
    await scannedBy(id);
    expect(await certified(id)).toMatchObject({ complete: true });
  });

  it('is not there for other tenants', async () => {
    const id = await api.control.active();
    expect((await get(id)).problem).toMatchObject({
      code: 'certificate-not-ready',
      state: 'ACTIVE',
      status: 409,
    });
    expect((await get(newId())).problem).toMatchObject({ code: 'tenant-not-found', status: 404 });
    expect((await get('x')).problem).toMatchObject({ code: 'tenant-not-found', status: 404 });
    expect(await replica.issuer.issue(id)).toBe(false);
    expect(await replica.issuer.issue(newId())).toBe(false);
  });

  describe('offline', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'tenantry-certificate-'));
      writeFileSync(path.join(folder, 'keys'), JSON.stringify({ keys: [replica.key.jwk] }));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    async function run(jws: string): Promise<[number, string]> {
      const file = path.join(folder, 'certificate');
      writeFileSync(file, jws);
      let out = '';
      const output = { write: (text: string) => (out += text) };
      const status = await runVerification(
        ['certificate', file, '--keys', path.join(folder, 'keys')],
        output,
        output,
      );
      return [status, out];
    }

    it('is verified with the file and the key alone', async () => {
      const id = await purged();
      await certified(id);
      const [status, out] = await run(`${(await get(id)).text}\n`);
      expect([status, out]).toEqual([0, expect.stringContaining('VALID AND COMPLETE')]);
      expect(out).toContain(id);
      const incomplete = await purging();
      await api.control.acknowledge(incomplete);
      await api.control.reconcile(incomplete);
      await scannedBy(incomplete);
      await certified(incomplete);
      const [one, words] = await run((await get(incomplete)).text);
      expect([one, words]).toEqual([1, expect.stringContaining('VALID BUT INCOMPLETE')]);
      expect(words).toContain('because reference acknowledged without any evidence.');
    });

    it('is not valid with anything else in it, under any other key, or without its place in the log', async () => {
      const id = await purged();
      const certificate = await certified(id);
      const other = await newSigningKey();
      const { text } = await get(id);
      const [header = '', , signature = ''] = text.split('.');
      const edited = Buffer.from(
        JSON.stringify({ ...certificate, issuedAt: '2020-01-01T00:00:00.000Z' }),
      ).toString('base64url');
      const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url');
      for (const forged of [
        `${header}.${edited}.${signature}`,
        `${unsigned}.${edited}.`,
        text.slice(0, -4),
        'x',
        '',
      ]) {
        expect(await run(forged)).toEqual([
          1,
          expect.stringContaining('NOT VALID: none of the keys has signed'),
        ]);
      }
      expect(await run(await signCertificate(certificate, other))).toEqual([
        1,
        expect.stringContaining('none of the keys'),
      ]);

      // What our own key signs is believed no further than the log bears it out.
      const { audit } = certificate;
      const cases: [Partial<Certificate> | Record<string, unknown>, string][] = [
        [
          { audit: { ...audit, entry: { ...audit.entry, at: '2020-01-01T00:00:00.000000Z' } } },
          'does not have its hash',
        ],
        [{ audit: { ...audit, position: audit.position - 1 } }, 'does not have the entry'],
        [{ audit: { ...audit, inclusionProof: audit.inclusionProof.slice(1) } }, 'does not have the entry'],
        [{ audit: { ...audit, checkpoint: 'x' } }, 'cannot be read'],
        [{ audit: { ...audit, treeSize: audit.treeSize + 1 } }, 'not the one that the certificate names'],
        [{ tenant: { ...certificate.tenant, id: newId() } }, 'not that of this purge'],
        [{ purge: { ...certificate.purge, operationId: newId() } }, 'not that of this purge'],
        [{ reasons: ['something'] }, 'contradicts itself'],
        [{ participants: [] }, 'No participant was asked to destroy anything'],
        [{ participants: [certificate.participants[0]!] }, 'No independent scan has confirmed'],
        [changedScan(certificate, { evidence: FORGOTTEN }), 'it names tables: default/app/app/forgotten'],
        [changedScan(certificate, { evidence: { clean: true } }), 'it looked at no database'],
        [changedScan(certificate, { declaredBy: 'heartbeat' }), 'by its own word alone'],
        [changedScan(certificate, { askedAt: '2000-01-01T00:00:00.000Z' }), 'was asked for before reference'],
        [changedScan(certificate, { askedAt: null }), 'not known when the scan'],
        [{ version: 2 }, 'version'],
        [{ audit: null }, 'not of the form'],
      ];
      for (const [changes, problem] of cases) {
        const changed = { ...certificate, ...changes } as Certificate;
        expect(await run(await signCertificate(changed, replica.key))).toEqual([
          1,
          expect.stringContaining(problem),
        ]);
      }
    });
  });

  it('is issued by the workers by themselves, once, also when they are started again', async () => {
    const id = await purged();
    const first = await startWorkers(api.control.serviceUrl, replica.key);
    let jws: string;
    try {
      jws = await waitFor('the certificate', async () => {
        const { status, text } = await get(id);
        return status === 200 && text;
      });
    } finally {
      await first();
    }
    const another = await purged();
    const second = await startWorkers(api.control.serviceUrl, replica.key);
    try {
      await waitFor('the other certificate', async () => (await get(another)).status === 200);
    } finally {
      await second();
    }
    expect((await get(id)).text).toBe(jws);
  });
});

/** The certificate's participants, with another scan among them. */
function changedScan(
  { participants }: Certificate,
  changes: Partial<Certificate['participants'][number]>,
): Pick<Certificate, 'participants'> {
  return {
    participants: participants.map((part) => (part.role === 'scan' ? { ...part, ...changes } : part)),
  };
}

/** The workers as a process of ours runs them. */
async function startWorkers(serviceUrl: string, key: SigningKey): Promise<() => Promise<void>> {
  @Module({
    imports: [
      DatabaseModule.forRoot(serviceUrl, 4),
      AuditWorkersModule.forRoot(key, { checkpointIntervalMs: 0 }),
      CertificateWorkersModule.forRoot(key, TEST_RETENTION),
    ],
  })
  class WorkersModule {}
  const app = await NestFactory.createApplicationContext(WorkersModule, {
    logger: false,
    abortOnError: false,
  });
  await app.init();
  return () => app.close();
}
