import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import type { Page } from '@tenantry/service';
import { createPublicKey } from 'node:crypto';
import { Client } from 'pg';
import { ApiHarness } from '../testing/api-harness.js';
import { AuditReplica, newSigningKey } from '../testing/audit-replica.js';
import type { PublicJwk } from '../signing/signing-key.js';
import { auditPageSql, type AuditFilter } from './audit-page.sql.js';
import type { AuditEntryView, CheckpointView } from './audit.view.js';
import { isSignedCheckpoint, readCheckpoint } from './checkpoint.js';
import { recordSystemAuditTx } from './system-audit.js';
import { verifyExport } from './verify-export.js';

describe('the audit API', () => {
  let api: ApiHarness;
  let replica: AuditReplica;
  let tenantId: string;
  beforeAll(async () => {
    api = await ApiHarness.start();
    replica = await AuditReplica.start(api.control.serviceUrl);
    tenantId = await api.control.active();
    await api.call('POST', `/v1/tenants/${tenantId}/suspend`, {
      body: { reason: 'invoice overdue' },
      headers: { 'x-request-id': 'the-request', traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` },
    });
  });
  afterAll(async () => {
    await replica?.stop();
    await api?.stop();
  });

  const list = async (query: string): Promise<AuditEntryView[]> => {
    const answer = await api.call<Page<AuditEntryView>>('GET', `/v1/audit?${query}`);
    expect(answer.status).toBe(200);
    return [...answer.body.data];
  };

  it('has everything about a mutation in its entry', async () => {
    const [entry] = await list('action=tenant.suspend');
    expect(entry).toMatchObject({
      actor: expect.stringMatching(/^api-key:/),
      tenantId,
      resource: `tenants/${tenantId}`,
      reason: 'invoice overdue',
      before: { state: 'ACTIVE', desired: 'active', generation: 1 },
      after: { state: 'SUSPENDING', desired: 'suspended', generation: 2 },
      requestId: 'the-request',
      traceId: 'ab'.repeat(16),
    });
  });

  it('shows an entry before and after it has its position', async () => {
    const [waiting] = await list('requestId=the-request');
    expect([waiting?.position, waiting?.leafHash]).toEqual([null, null]);
    await replica.sequenceAll();
    const [sequenced] = await list('requestId=the-request');
    expect(sequenced).toEqual({
      ...waiting,
      position: expect.any(Number),
      leafHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('finds by each filter, and by all of them together', async () => {
    const all = await list('limit=200');
    const [entry] = await list('requestId=the-request');
    if (!entry) throw new Error('no entry');
    const expectations: [string, (candidate: AuditEntryView) => boolean][] = [
      [`tenantId=${tenantId}`, (each) => each.tenantId === tenantId],
      [`actor=${encodeURIComponent(entry.actor)}`, (each) => each.actor === entry.actor],
      ['action=tenant.suspend', (each) => each.action === 'tenant.suspend'],
      [`resource=tenants/${tenantId}`, (each) => each.resource === `tenants/${tenantId}`],
      ['requestId=the-request', (each) => each.requestId === 'the-request'],
      [`from=${entry.at}`, (each) => each.at >= `${entry.at.slice(0, 23)}`],
      [`to=${entry.at}`, (each) => each.at < `${entry.at.slice(0, 23)}`],
      [
        `tenantId=${tenantId}&action=tenant.suspend&requestId=the-request&from=${entry.at}`,
        ({ id }) => id === entry.id,
      ],
      ['actor=nobody', () => false],
      ['to=2000-01-01T00:00:00Z', () => false],
      ['from=2999-01-01T00:00:00.123456789%2B14:00', () => false],
    ];
    for (const [query, matches] of expectations) {
      expect([query, await list(`limit=200&${query}`)]).toEqual([query, all.filter(matches)]);
    }
  });

  it('lists newest first, page by page, without missing or repeating any', async () => {
    const sql = pgExecutor(api.control.admin);
    // All at the same microsecond.
    await sql.query('BEGIN');
    for (let n = 0; n < 7; n += 1)
      await recordSystemAuditTx(sql, {
        actor: 'system:same',
        action: 'same.time',
        resource: `same/${n}`,
        after: {},
      });
    await sql.query('COMMIT');
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { body } = await api.call<Page<AuditEntryView>>('GET', `/v1/audit?limit=3${query}`);
      seen.push(...body.data.map(({ id }) => id));
      cursor = body.nextCursor;
    } while (cursor !== null);
    const rows = await api.control.rows<{ id: string }>(
      'SELECT id FROM tenantry.audit_entry ORDER BY at DESC, id DESC',
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it.each([
    ['tenantId=x'],
    ['from=yesterday'],
    ['to=2026-02-30T00:00:00Z'],
    ['from=2026-01-01'],
    [`actor=${'x'.repeat(301)}`],
    ['limit=0'],
    ['unknown=1'],
    ...[
      ['x', 'y'],
      ['2026-02-30T00:00:00.000000Z', newId()],
      ['2026-01-01T24:00:00.000000Z', newId()],
      ['0000-01-01T00:00:00.000000Z', newId()],
      ['2026-01-01T00:00:00.000000Z', 'x'],
      [1, 2],
      7,
    ].map((place) => [`cursor=${Buffer.from(JSON.stringify(place)).toString('base64url')}`]),
  ])('refuses %s', async (query) => {
    expect((await api.call('GET', `/v1/audit?${query}`)).status).toBe(400);
  });

  it('is for operators; an export for administrators, checkpoints for everyone with a key', async () => {
    await replica.checkpoint();
    const roles = { viewer: [403, 403, 200], operator: [200, 403, 200], admin: [200, 200, 200] } as const;
    const paths = ['/v1/audit', '/v1/audit/export', '/v1/audit/checkpoints'];
    for (const [role, statuses] of Object.entries(roles)) {
      const key = await api.keyFor(role as keyof typeof roles);
      const answers = await Promise.all(paths.map((path) => raw(path, key)));
      expect([role, ...answers.map(({ status }) => status)]).toEqual([role, ...statuses]);
    }
    for (const path of paths) expect((await raw(path, '')).status).toBe(401);
  });

  async function raw(
    path: string,
    key = api.adminKey,
  ): Promise<{ status: number; type: string; text: string }> {
    const response = await fetch(`${await api.app.getUrl()}${path}`, {
      headers: key === '' ? {} : { authorization: `Bearer ${key}` },
    });
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
    };
  }

  it('publishes every key that was ever signed with', async () => {
    await replica.checkpoint();
    const rotated = await AuditReplica.start(api.control.serviceUrl, await newSigningKey());
    try {
      await api.control.create();
      await rotated.checkpoint();
      const { body } = await api.call<{ keys: PublicJwk[] }>('GET', '/.well-known/jwks.json', { key: '' });
      expect(body.keys).toEqual([replica.key.jwk, rotated.key.jwk]);
      expect(JSON.stringify(body)).not.toContain('"d"');
      const { body: page } = await api.call<Page<CheckpointView>>('GET', '/v1/audit/checkpoints?limit=1');
      const [newest] = page.data;
      const key = createPublicKey({ key: { ...rotated.key.jwk }, format: 'jwk' });
      expect(newest?.kid).toBe(rotated.key.kid);
      expect(isSignedCheckpoint(readCheckpoint(newest!.note)!, [key])).toBe(true);
      const { body: older } = await api.call<Page<CheckpointView>>(
        'GET',
        `/v1/audit/checkpoints?cursor=${page.nextCursor}`,
      );
      expect(older.data.every(({ treeSize }) => treeSize < newest!.treeSize)).toBe(true);
      expect((await api.call('GET', '/v1/audit/checkpoints?cursor=eA')).status).toBe(400);
    } finally {
      await rotated.stop();
    }
  });

  it('publishes no key that nothing was signed with', async () => {
    await replica.checkpoint();
    const { jwk: foreign } = await newSigningKey();
    const service = new Client({ connectionString: api.control.serviceUrl });
    await service.connect();
    try {
      const { rows: before } = await service.query<{ kid: string }>('SELECT kid FROM tenantry.signing_key');
      const rows: [string, object][] = [
        [foreign.kid, foreign],
        ['its-own-name', replica.key.jwk],
        ['no-key', { kty: 'OKP', crv: 'Ed25519', x: 'x' }],
        ['nothing', {}],
      ];
      for (const [kid, jwk] of rows) {
        await service.query(
          'INSERT INTO tenantry.signing_key (kid, jwk, first_used_at) VALUES ($1, $2, tenantry.now())',
          [kid, JSON.stringify(jwk)],
        );
      }
      // A checkpoint of the right size that says it is the foreign key's.
      await api.control.create();
      await replica.sequenceAll();
      await service.query(
        `INSERT INTO tenantry.audit_checkpoint (tree_size, root_hash, note, kid, created_at)
         SELECT h.size, c.root_hash, c.note, $1, tenantry.now() FROM tenantry.audit_head h, tenantry.audit_checkpoint c LIMIT 1`,
        [foreign.kid],
      );
      const { body } = await api.call<{ keys: PublicJwk[] }>('GET', '/.well-known/jwks.json', { key: '' });
      expect(body.keys.map(({ kid }) => kid).toSorted()).toEqual(before.map(({ kid }) => kid).toSorted());
    } finally {
      await service.end();
      await api.control.admin.query('ALTER TABLE tenantry.audit_checkpoint DISABLE TRIGGER USER');
      await api.control.admin.query('DELETE FROM tenantry.audit_checkpoint WHERE kid = $1', [foreign.kid]);
      await api.control.admin.query('ALTER TABLE tenantry.audit_checkpoint ENABLE TRIGGER USER');
    }
  });

  it('exports what was signed, and nothing that was not', async () => {
    await replica.checkpoint();
    await api.control.create();
    await replica.sequenceAll();
    const { status, type, text } = await raw('/v1/audit/export');
    expect([status, type]).toEqual([200, 'application/jsonl']);
    const lines = text.trimEnd().split('\n');
    const keys = [replica.key.publicKey];
    const { body } = await api.call<{ keys: PublicJwk[] }>('GET', '/.well-known/jwks.json');
    keys.push(...body.keys.map((jwk) => createPublicKey({ key: { ...jwk }, format: 'jwk' })));
    const report = await verifyExport(of(lines), keys);
    expect(report.finding).toBeUndefined();
    const newest = JSON.parse(lines.at(-1)!);
    expect(newest).toMatchObject({ type: 'checkpoint', treeSize: report.entries });
    const [head] = await api.control.rows<{ size: string }>('SELECT size FROM tenantry.audit_head');
    expect(report.entries).toBeLessThan(Number(head?.size));
  });

  it('has nothing to export before anything is signed', async () => {
    const fresh = await ApiHarness.start();
    try {
      const { status, body } = await fresh.call('GET', '/v1/audit/export');
      expect([status, body.code]).toEqual([409, 'no-checkpoint-yet']);
      expect((await fresh.call('GET', '/.well-known/jwks.json', { key: '' })).body).toEqual({ keys: [] });
    } finally {
      await fresh.stop();
    }
  });

  it('reads an index in the order of the list, whatever is filtered by', async () => {
    const { admin } = api.control;
    await admin.query(
      `INSERT INTO tenantry.audit_entry (id, at, actor, tenant_id, action, resource, request_id)
       SELECT gen_random_uuid(), now() - n * interval '1 second', 'api-key:' || n % 50, gen_random_uuid(), 'test.' || n % 20, 'tests/' || n, 'r-' || n
       FROM generate_series(1, 20000) n`,
    );
    await admin.query('ANALYZE tenantry.audit_entry');
    const from = new Date(Date.now() - 3_600_000);
    const filters: [AuditFilter, string][] = [
      [{}, 'audit_entry_at_idx'],
      [{ from, to: new Date() }, 'audit_entry_at_idx'],
      [{ tenantId: newId() }, 'audit_entry_tenant_at_idx'],
      [{ tenantId: newId(), from }, 'audit_entry_tenant_at_idx'],
      [{ actor: 'api-key:7' }, 'audit_entry_actor_idx'],
      [{ action: 'test.7' }, 'audit_entry_action_idx'],
      [{ resource: 'tests/7' }, 'audit_entry_resource_idx'],
      [{ requestId: 'r-7' }, 'audit_entry_request_idx'],
    ];
    for (const [filter, index] of filters) {
      for (const after of [undefined, [new Date().toISOString(), newId()] as const]) {
        const { text, params } = auditPageSql(filter, 51, after);
        const { rows } = await admin.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>(
          `EXPLAIN (FORMAT JSON) ${text}`,
          params,
        );
        const nodes = flatten(rows[0]!['QUERY PLAN'][0].Plan);
        const scans = nodes.filter((node) => node['Relation Name'] === 'audit_entry');
        expect([filter, scans.map((node) => node['Index Name'])]).toEqual([filter, [index]]);
        // Under the limit nothing is sorted: the page costs what it shows.
        const limited = nodes.find((node) => node['Node Type'] === 'Limit')!;
        expect(flatten(limited).map((node) => node['Node Type'])).not.toContain('Sort');
      }
    }
  });
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

function flatten(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(flatten)];
}

async function* of(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}
