import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkOutgoing, tenantSchemaName, type Isolation } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import {
  EXAMPLE_SERVICE,
  kitDatabase,
  requestedWork,
  stateRecord,
  UNDISTURBED,
  type KitDatabase,
} from '@tenantry/testing';
import { Pool } from 'pg';
import { onePlace } from '../connection-source.js';
import { secretOf } from '../credentials/secret.js';
import { TenantContextConflict, TenantSuspended, TenantUnknown } from '../errors.js';
import { installKit } from '../install-kit.js';
import { createRequestHandler } from '../participant/request-handler.js';
import { RouteCache } from '../route-cache.js';
import { SigningKey } from '../signing/signing-key.js';
import { Tenants } from '../tenants.js';
import { CrossTenant } from './cross-tenant.js';
import { SupportDesk } from './support-desk.js';
import { SupportGrantOver, SupportGrantUnfit } from './support-errors.js';
import type { SupportRequest } from './support-grant.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const NOTES = { text: 'SELECT tenant_id, text FROM note ORDER BY text' };
const MODELS = ['pooled', 'schema'] as const;

let database: KitDatabase;
let admin: Pool;
let app: Pool;
let support: Pool;
let audit: Pool;
let provisioner: Pool;
const routes = new RouteCache();
let tenants: Tenants;
let crossTenant: CrossTenant;

beforeAll(async () => {
  database = await kitDatabase();
  const pool = (connectionString: string) => new Pool({ connectionString, max: 3 });
  admin = pool(database.adminUrl);
  app = pool(database.appUrl);
  support = pool(database.supportUrl);
  audit = pool(database.supportUrl);
  provisioner = pool(database.provisionerUrl);
  routes.markComplete();
  tenants = new Tenants({ connections: onePlace(app), routes, store: 'primary' });
  crossTenant = new CrossTenant({ connections: onePlace(support), audit, routes, store: 'primary' });
}, 60_000);

afterAll(async () => {
  await Promise.all([admin, app, support, audit, provisioner].map((pool) => pool?.end()));
  await database?.drop();
});

const soon = () => new Date(Date.now() + 60_000);
const asked = (changes: Partial<SupportRequest> = {}): SupportRequest => ({
  actor: 'support-17',
  reason: 'ticket 4711',
  expiresAt: soon(),
  ...changes,
});

async function change(
  tenantId: string,
  verb: 'provisioning' | 'suspension' | 'purge',
  generation: number,
  isolation: Isolation,
): Promise<void> {
  const work = requestedWork({ tenantId, verb, generation, isolation });
  await createRequestHandler({ service: EXAMPLE_SERVICE, pool: provisioner, logger })(work, UNDISTURBED);
  const state = verb === 'provisioning' ? 'ACTIVE' : verb === 'suspension' ? 'SUSPENDED' : 'PURGED';
  routes.apply(stateRecord({ tenantId, state, generation, isolation }));
}

async function tenantWithNote(isolation: Isolation): Promise<string> {
  const tenantId = newId();
  await change(tenantId, 'provisioning', 1, isolation);
  await tenants.query(tenantId, {
    text: 'INSERT INTO note (tenant_id, id, text) VALUES ($1, $2, $3)',
    values: [tenantId, newId(), 'theirs'],
  });
  return tenantId;
}

const actionsOf = async (tenantId: string) =>
  (
    await admin.query<{ statement: string }>(
      'SELECT actor, reason, access, statement FROM tenantry.support_action WHERE tenant_id = $1 ORDER BY recorded_at',
      [tenantId],
    )
  ).rows;

const messagesOf = async (tenantId: string) =>
  (
    await admin.query<{ envelope: string }>(
      `SELECT envelope::text FROM tenantry.acknowledgement_outbox WHERE envelope ->> 'subject' = $1 ORDER BY enqueue_no`,
      [tenantId],
    )
  ).rows.map(({ envelope }) => envelope);

describe.each(MODELS)('support, with a tenant of the %s model', (isolation) => {
  it('reads what it asks for, one tenant after the other, by statements with unqualified names', async () => {
    const [one, two] = [await tenantWithNote(isolation), await tenantWithNote(isolation)];
    const seen = await crossTenant.run(asked({ tenants: [one, two] }), async (access) => {
      const found = [];
      for await (const { tenantId, rows } of access.queryEach(NOTES)) found.push([tenantId, rows]);
      return found;
    });
    expect(seen).toEqual([
      [one, [{ tenant_id: one, text: 'theirs' }]],
      [two, [{ tenant_id: two, text: 'theirs' }]],
    ]);
  });

  it('has each statement on record before its rows are there, and when the work rejects', async () => {
    const tenantId = await tenantWithNote(isolation);
    const attempt = crossTenant.run(asked(), (access) =>
      access.run(tenantId, async (tx) => {
        await tx.query('SELECT 1');
        expect(await actionsOf(tenantId)).toEqual([expect.objectContaining({ statement: 'SELECT 1' })]);
        await tx.query('SELECT text FROM note WHERE text = $1', ['secret of theirs']);
        throw new Error('seen enough');
      }),
    );
    await expect(attempt).rejects.toThrow('seen enough');
    const actions = await actionsOf(tenantId);
    expect(actions).toEqual([
      { actor: 'support-17', reason: 'ticket 4711', access: 'read', statement: 'SELECT 1' },
      expect.objectContaining({ statement: 'SELECT text FROM note WHERE text = $1' }),
    ]);
    expect(JSON.stringify([actions, await messagesOf(tenantId)])).not.toContain('secret of theirs');
  });

  it('tells the control plane, by the contract', async () => {
    const tenantId = await tenantWithNote(isolation);
    await crossTenant.run(asked(), (access) => access.query(tenantId, NOTES));
    const [message] = await messagesOf(tenantId);
    const envelope = JSON.parse(String(message)) as { data: unknown };
    expect(envelope).toMatchObject({
      type: 'participant.audit_recorded.v1',
      source: '/tenantry/participants/example',
      subject: tenantId,
      data: { participant: 'example', actor: 'support-17', action: 'support.read', reason: 'ticket 4711' },
    });
    expect(checkOutgoing('participant.audit_recorded.v1', envelope.data)).toMatchObject({ ok: true });
    expect(
      (await support.query('SELECT FROM tenantry.support_action WHERE tenant_id = $1', [tenantId])).rowCount,
    ).toBe(1);
  });

  it('writes only when that was asked for', async () => {
    const tenantId = await tenantWithNote(isolation);
    const mend = { text: 'UPDATE note SET text = $1', values: ['mended'] };
    await expect(crossTenant.run(asked(), (access) => access.query(tenantId, mend))).rejects.toMatchObject({
      code: '25006',
    });
    await crossTenant.run(asked({ readOnly: false }), (access) => access.query(tenantId, mend));
    const rows = await tenants.query(tenantId, NOTES);
    expect(rows).toEqual([{ tenant_id: tenantId, text: 'mended' }]);
    expect((await actionsOf(tenantId)).map((action) => (action as { access?: string }).access)).toEqual([
      'read',
      'write',
    ]);
  });

  it('reads a suspended tenant, writes nothing in it, and finds nothing of a purged one', async () => {
    const tenantId = await tenantWithNote(isolation);
    await change(tenantId, 'suspension', 2, isolation);
    const read = () => crossTenant.run(asked(), (access) => access.query(tenantId, NOTES));
    expect(await read()).toHaveLength(1);
    const write = crossTenant.run(asked({ readOnly: false }), (access) => access.query(tenantId, NOTES));
    await expect(write).rejects.toBeInstanceOf(TenantSuspended);
    await change(tenantId, 'purge', 3, isolation);
    await expect(read()).rejects.toBeInstanceOf(TenantUnknown);
    expect((await actionsOf(tenantId)).length).toBeGreaterThan(0);
  });

  it('has no other way in, with any SQL of its login', async () => {
    const [victim, other] = [await tenantWithNote(isolation), await tenantWithNote(isolation)];
    const note = `${isolation === 'pooled' ? 'pooled_primary' : tenantSchemaName(victim, 'primary')}.note`;
    const action = newId();
    const record = (id: string, tenantId: string) =>
      `SELECT tenantry.record_support_action('${id}', '${newId()}', '${tenantId}', 'x', 'y', 'write', 'z', now() + interval '60 s')`;
    await support.query(record(action, other));
    const late = newId();
    const context = (tenantId: string, id: string) =>
      `SELECT set_config('tenantry.tenant', '${tenantId}', true), set_config('tenantry.support', '${id}', true)`;
    const attempts: Record<string, readonly string[]> = {
      'without a context': [],
      'with a context and no action': [`SELECT set_config('tenantry.tenant', '${victim}', true)`],
      'with the action of another tenant': [context(victim, action)],
      'entering by the action of another tenant': [
        `SELECT tenantry.enter_support('${action}', '${victim}', 1)`,
      ],
      'with an action that is not committed': [record(late, victim), context(victim, late)],
      'entering by an action that is not committed, behind a savepoint': [
        `SAVEPOINT s; ${record(late, victim)}; RELEASE s`,
        `SELECT tenantry.enter_support('${late}', '${victim}', 1)`,
      ],
      'by the way of those who serve': [`SELECT tenantry.enter('${victim}', 1, 'r')`],
      'as those who serve': ['SET LOCAL ROLE tenantry_app'],
    };
    for (const [how, statements] of Object.entries(attempts)) {
      const client = await support.connect();
      try {
        await client.query('BEGIN');
        const outcome = (async () => {
          for (const statement of statements) await client.query(statement);
          return (await client.query(`SELECT * FROM ${note}`)).rows.length;
        })();
        expect({ how, code: await outcome.catch((error: { code: string }) => error.code) }).toEqual({
          how,
          code: expect.stringMatching(/^(TN002|TN010|42501)$/),
        });
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    }
  });

  it('cannot write by an action that reads, savepoints or not', async () => {
    const tenantId = await tenantWithNote(isolation);
    const note = `${isolation === 'pooled' ? 'pooled_primary' : tenantSchemaName(tenantId, 'primary')}.note`;
    const id = newId();
    await support.query(
      `SELECT tenantry.record_support_action('${id}', '${newId()}', '${tenantId}', 'x', 'y', 'read', 'z', now() + interval '60 s')`,
    );
    const client = await support.connect();
    try {
      await client.query('BEGIN');
      await client.query('SAVEPOINT s');
      await client.query(`SELECT tenantry.enter_support('${id}', '${tenantId}', 1)`);
      expect((await client.query(`SELECT FROM ${note}`)).rowCount).toBe(1);
      await client.query('ROLLBACK TO SAVEPOINT s');
      await client.query(
        `SELECT set_config('tenantry.tenant', '${tenantId}', true), set_config('tenantry.support', '${id}', true)`,
      );
      await expect(client.query(`DELETE FROM ${note}`)).rejects.toMatchObject({ code: 'TN010' });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

describe('a grant', () => {
  it.each([
    ['an actor', { actor: ' ' }],
    ['a reason', { reason: '' }],
    ['an expiry to come', { expiresAt: new Date(Date.now() - 1) }],
    ['an expiry within a day', { expiresAt: new Date(Date.now() + 25 * 3_600_000) }],
    ['an expiry that is one', { expiresAt: new Date('never') }],
    ['ids of tenants', { tenants: ['acme'] }],
  ])('needs %s', async (_what, changes) => {
    await expect(crossTenant.run(asked(changes), async () => 1)).rejects.toBeInstanceOf(SupportGrantUnfit);
  });

  it('is for its tenants alone, ends with its run, and at its expiry at the database too', async () => {
    const [mine, other] = [await tenantWithNote('pooled'), await tenantWithNote('pooled')];
    const kept = await crossTenant.run(asked({ tenants: [mine] }), async (access) => {
      await expect(access.query(other, NOTES)).rejects.toBeInstanceOf(SupportGrantOver);
      return access;
    });
    await expect(kept.query(mine, NOTES)).rejects.toBeInstanceOf(SupportGrantOver);
    expect(await actionsOf(mine)).toEqual([]);

    const client = await support.connect();
    try {
      const id = newId();
      await client.query(
        `SELECT tenantry.record_support_action('${id}', '${newId()}', '${mine}', 'x', 'y', 'read', 'z', clock_timestamp() + interval '300 ms')`,
      );
      await client.query('BEGIN');
      await client.query(`SELECT tenantry.enter_support('${id}', '${mine}', 1)`);
      expect((await client.query('SELECT FROM pooled_primary.note')).rowCount).toBe(1);
      const over = client.query(
        'SELECT pg_sleep_until(expires_at) FROM tenantry.support_action WHERE id = $1',
        [id],
      );
      await over;
      await expect(client.query('SELECT FROM pooled_primary.note')).rejects.toMatchObject({ code: 'TN010' });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });

  it('is not to be had inside a tenant context', async () => {
    const tenantId = await tenantWithNote('pooled');
    const inside = tenants.run(tenantId, () => crossTenant.run(asked(), async () => 1));
    await expect(inside).rejects.toBeInstanceOf(TenantContextConflict);
  });

  it('lets nothing happen that cannot be recorded', async () => {
    const tenantId = await tenantWithNote('pooled');
    await admin.query('REVOKE INSERT ON tenantry.acknowledgement_outbox FROM tenantry_kit');
    try {
      await expect(crossTenant.run(asked(), (access) => access.query(tenantId, NOTES))).rejects.toMatchObject(
        { code: '42501' },
      );
    } finally {
      await admin.query('GRANT INSERT ON tenantry.acknowledgement_outbox TO tenantry_kit');
    }
    expect(await actionsOf(tenantId)).toEqual([]);
  });

  it('leaves rows that nobody of the service can change', async () => {
    for (const [pool, name] of [
      [support, 'support'],
      [app, 'app'],
      [provisioner, 'provisioner'],
    ] as const)
      for (const change of [
        'DELETE FROM tenantry.support_action',
        "UPDATE tenantry.support_action SET reason = 'none'",
      ])
        expect({
          name,
          code: await pool.query(change).catch((error: { code: string }) => error.code),
        }).toEqual({ name, code: '42501' });
  });
});

describe('on a further cluster', () => {
  let further: KitDatabase;
  let desk: SupportDesk;

  beforeAll(async () => {
    further = await kitDatabase();
    desk = new SupportDesk({
      service: EXAMPLE_SERVICE,
      supportUrl: database.supportUrl,
      clusters: { far: secretOf(further.supportUrl) },
      logger,
      routes,
    });
  }, 60_000);

  afterAll(async () => {
    await desk?.close();
    await further?.drop();
  });

  it('the action is on record at home, from where it is sent, and there, where the policies ask for it', async () => {
    const there = new Pool({ connectionString: further.adminUrl, max: 1 });
    const maintenance = new Pool({ connectionString: further.provisionerUrl, max: 1 });
    try {
      // As migrating a further cluster leaves it.
      await there.query('DELETE FROM tenantry.support_audit');
      const tenantId = newId();
      const work = requestedWork({ tenantId, verb: 'provisioning', generation: 1, isolation: 'pooled' });
      await createRequestHandler({ service: EXAMPLE_SERVICE, pool: maintenance, logger })(work, UNDISTURBED);
      const told = stateRecord({ tenantId, state: 'ACTIVE', generation: 1, isolation: 'pooled' });
      routes.apply({ ...told, routes: told.routes.map((route) => ({ ...route, cluster: 'far' })) });
      const labels = { text: 'SELECT name FROM label ORDER BY name' };
      const rows = await desk.crossTenant.run(asked(), (access) => access.query(tenantId, labels));
      expect(rows).toEqual([{ name: 'done' }, { name: 'new' }]);
      const ids = 'SELECT id FROM tenantry.support_action WHERE tenant_id = $1';
      const [home, far] = [await admin.query(ids, [tenantId]), await there.query(ids, [tenantId])];
      expect(home.rows).toHaveLength(1);
      expect(far.rows).toEqual(home.rows);
      expect(await messagesOf(tenantId)).toHaveLength(1);
      expect((await there.query('SELECT FROM tenantry.acknowledgement_outbox')).rowCount).toBe(0);
    } finally {
      await Promise.all([there.end(), maintenance.end()]);
    }
  });
});

// Last, since nobody enters without a token from here on.
describe.each(['mac', 'setting'] as const)('where contexts are signed by %s', (marker) => {
  it('support enters by its action, and a marker that it makes up is none', async () => {
    await installKit(database.adminUrl, {
      appLogin: database.logins.app,
      provisionerLogin: database.logins.provisioner,
      service: EXAMPLE_SERVICE,
      signing: { marker, keys: [new SigningKey('k'.repeat(32))] },
    });
    const tenantId = newId();
    await change(tenantId, 'provisioning', 1, 'schema');
    const add = { text: 'INSERT INTO note VALUES ($1, $2, $3)', values: [tenantId, newId(), 'theirs'] };
    await crossTenant.run(asked({ readOnly: false }), (access) => access.query(tenantId, add));
    expect(await crossTenant.run(asked(), (access) => access.query(tenantId, NOTES))).toHaveLength(1);

    const [action] = (
      await admin.query<{ id: string }>(
        `SELECT id FROM tenantry.support_action WHERE tenant_id = $1 AND access = 'write'`,
        [tenantId],
      )
    ).rows;
    const client = await support.connect();
    try {
      await client.query('BEGIN');
      await client.query(
        `SELECT set_config('tenantry.tenant', '${tenantId}', true), set_config('tenantry.support', '${action?.id}', true)`,
      );
      await expect(
        client.query(`SELECT FROM ${tenantSchemaName(tenantId, 'primary')}.note`),
      ).rejects.toMatchObject({ code: 'TN002' });
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});
