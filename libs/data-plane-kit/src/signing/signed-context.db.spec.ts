import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import { EXAMPLE_SERVICE, stateRecord } from '@tenantry/testing';
import { Pool } from 'pg';
import { onePlace } from '../connection-source.js';
import { enterStatement } from '../enter-statement.js';
import { installContext } from '../install/install-context.js';
import { installKit } from '../install-kit.js';
import { RouteCache } from '../route-cache.js';
import { Tenants } from '../tenants.js';
import { SigningRefused } from './context-signing.js';
import type { ContextSigner, ContextToken, TokenBinding } from './context-signer.js';
import { SigningKey } from './signing-key.js';
import { type AppSession, KEY, OTHER_KEY, SignedWorld, signer, SIGNINGS } from './testing/signed-world.js';

let world: SignedWorld;
let a: string;
let b: string;
let own: string;

beforeAll(async () => {
  world = await SignedWorld.make();
  [a, b] = [await world.tenant('pooled', 'of a'), await world.tenant('pooled', 'of b')];
  own = await world.tenant('schema', 'of its own');
});

afterAll(() => world.drop());

/** Runs `work` in a transaction of a new connection of the application, which is rolled back. */
async function inTransaction<T>(work: (session: AppSession) => Promise<T>): Promise<T> {
  const session = await world.appSession();
  try {
    await session.rows('BEGIN');
    return await work(session);
  } finally {
    await session.end();
  }
}

const NOTES = 'SELECT text FROM pooled_primary.note';

/** SQLSTATE and DETAIL of what was refused; undefined where nothing was. */
async function refusalOf(call: Promise<unknown>): Promise<object | undefined> {
  return call.then(
    () => undefined,
    ({ code, detail }: { code: string; detail?: string }) => ({ code, ...(detail && { detail }) }),
  );
}

type Change = (token: ContextToken, session: AppSession) => Partial<Record<keyof Terms, unknown>>;

interface Terms extends ContextToken {
  readonly tenantId: string;
  readonly generation: number;
  readonly mode: string;
}

/** Shows a token for tenant a, after something was done to it. */
function show(session: AppSession, change: Change, sign = signer()): Promise<object[]> {
  const token = sign.sign({ tenantId: a, generation: 1, readOnly: true }, session.backendPid);
  const terms = { tenantId: a, generation: 1, mode: 'r', ...token, ...change(token, session) };
  return session.rows('SELECT tenantry.enter($1, $2, $3, $4, $5, $6, $7)', [
    terms.tenantId,
    terms.generation,
    terms.mode,
    terms.expiresAt,
    terms.keyId,
    terms.mac,
    terms.pid,
  ]);
}

describe.each(['mac', 'setting'] as const)('signed contexts with the marker %s', (marker) => {
  beforeAll(() => world.install(SIGNINGS[marker]));

  it('opens for whoever has a token', async () => {
    expect(
      await inTransaction(async (session) => {
        await session.enter(a, { signed: true });
        return session.rows(NOTES);
      }),
    ).toEqual([{ text: 'of a' }]);
  });

  it('takes no call without one', async () => {
    await inTransaction(async (session) => {
      const refused = { code: 'TN003', detail: 'unsigned' };
      expect(await refusalOf(session.enter(a, { signed: false }))).toEqual(refused);
    });
  });

  it.each<[string, string | undefined, Change]>([
    ['that is as it was signed', undefined, () => ({})],
    [
      'for any process, and soon over',
      undefined,
      () => signer(KEY, 'none').sign({ tenantId: a, generation: 1, readOnly: true }, 0),
    ],
    ['for another tenant', 'signature', () => ({ tenantId: b })],
    ['for another mode', 'signature', () => ({ mode: 'w' })],
    ['for another generation', 'signature', () => ({ generation: 2 })],
    ['with an expiry put off', 'signature', ({ expiresAt }) => ({ expiresAt: expiresAt + 1 })],
    ['for any process, made of one for this', 'expiry', () => ({ pid: 0 })],
    [
      'with one bit turned',
      'signature',
      ({ mac }) => ({ mac: Buffer.from(mac.map((byte, n) => (n === 31 ? byte ^ 1 : byte))) }),
    ],
    ['that is cut short', 'signature', ({ mac }) => ({ mac: mac.subarray(0, 31) })],
    ['that is empty', 'signature', () => ({ mac: Buffer.alloc(0) })],
    ['of an unknown key', 'key', () => ({ keyId: 7 })],
    [
      'for another process',
      'process',
      (_token, { backendPid }) =>
        signer().sign({ tenantId: a, generation: 1, readOnly: true }, backendPid + 1),
    ],
    [
      'that has expired',
      'expired',
      (_token, { backendPid }) =>
        signer(KEY, 'backend', -30_001).sign({ tenantId: a, generation: 1, readOnly: true }, backendPid),
    ],
    [
      'that is good for more than a minute',
      'expiry',
      (_token, { backendPid }) =>
        signer(KEY, 'backend', 31_000).sign({ tenantId: a, generation: 1, readOnly: true }, backendPid),
    ],
    [
      'for any process and more than ten seconds',
      'expiry',
      () => signer(KEY, 'none', 6000).sign({ tenantId: a, generation: 1, readOnly: true }, 0),
    ],
    [
      'of a key that is not installed',
      'key',
      (_token, { backendPid }) =>
        signer(OTHER_KEY).sign({ tenantId: a, generation: 1, readOnly: true }, backendPid),
    ],
  ])('judges a token %s: %s', async (_what, detail, change) => {
    await inTransaction(async (session) => {
      expect(await refusalOf(show(session, change))).toEqual(detail && { code: 'TN003', detail });
    });
  });

  it.each(['tenantId', 'generation', 'mode', 'expiresAt', 'keyId', 'mac', 'pid'] as const)(
    'refuses a call without %s',
    async (part) => {
      await inTransaction(async (session) => {
        expect(await refusalOf(show(session, () => ({ [part]: null })))).toEqual({ code: '22023' });
      });
    },
  );

  it('still lets the fence decide', async () => {
    await inTransaction(async (session) => {
      const behind = enterStatement(
        { tenantId: a, generation: 2, readOnly: false },
        { signer: signer(), backendPid: session.backendPid },
      );
      expect(await refusalOf(session.rows(behind.text, behind.values))).toEqual({
        code: 'TN007',
        detail: 'open',
      });
    });
    await inTransaction(async (session) => {
      expect(await refusalOf(session.enter(newId(), { signed: true }))).toEqual({
        code: 'TN001',
        detail: 'absent',
      });
    });
  });

  it('keeps a transaction to its tenant, and lets the same one in again', async () => {
    await inTransaction(async (session) => {
      await session.enter(a, { signed: true });
      await session.enter(a, { signed: true });
      expect(await refusalOf(session.enter(b, { signed: true }))).toEqual({ code: 'TN004' });
    });
  });

  it('ends with the transaction, on the same connection', async () => {
    await inTransaction(async (session) => {
      await session.enter(a, { signed: true });
      await session.rows('COMMIT');
      expect(await refusalOf(session.rows(NOTES))).toEqual({ code: 'TN002' });
    });
  });

  it('serves a tenant’s own schema', async () => {
    const schema = `t_${own.replaceAll('-', '')}_primary`;
    await inTransaction(async (session) => {
      await session.enter(own, { signed: true });
      await session.rows(`SET LOCAL ROLE ${schema}`);
      expect(await session.rows(`SELECT text FROM ${schema}.note`)).toEqual([{ text: 'of its own' }]);
    });
  });

  it.each<TokenBinding>(['backend', 'none'])(
    'is signed by the kit, with tokens bound to: %s',
    async (binding) => {
      const pool = new Pool({ connectionString: world.database.appUrl, max: 2 });
      const routes = new RouteCache();
      routes.markComplete();
      for (const [tenantId, isolation] of [
        [a, 'pooled'],
        [own, 'schema'],
      ] as const)
        routes.apply(stateRecord({ tenantId, isolation, state: 'ACTIVE', generation: 1 }));
      const tenants = (sign?: ContextSigner): Tenants =>
        new Tenants({ connections: onePlace(pool), routes, store: 'primary', ...(sign && { signer: sign }) });
      const query = { text: 'SELECT text FROM note' };
      try {
        const signed = tenants(signer(KEY, binding));
        expect(await signed.query(a, query)).toEqual([{ text: 'of a' }]);
        const read = await signed.run(own, (tx) => tx.query(query.text), { readOnly: true });
        expect(read).toEqual([{ text: 'of its own' }]);
        await expect(tenants().query(a, query)).rejects.toMatchObject({
          code: 'tenant-context-refused',
          fields: { why: 'unsigned' },
        });
      } finally {
        await pool.end();
      }
    },
  );

  it.each(['pooled', 'schema'] as const)('lets a %s tenant be provisioned and purged', async (isolation) => {
    const tenantId = await world.tenant(isolation, 'made while signed');
    const { evidence } = await world.ask({ tenantId, verb: 'purge', generation: 2, isolation });
    expect(Object.values(evidence?.['tables'] as object)).toContainEqual({ rowsBefore: 1, rowsAfter: 0 });
  });

  it('lets support in, by a recorded action alone', async () => {
    const session = await world.appSession(world.database.supportUrl);
    const action = newId();
    try {
      await session.rows(
        `SELECT tenantry.record_support_action($1, $1, $2, 'x', 'y', 'read', 'z', now() + interval '1 min')`,
        [action, a],
      );
      await session.rows('BEGIN');
      await session.rows(`SELECT tenantry.enter_support($1, $2, 1)`, [action, a]);
      expect(await session.rows(NOTES)).toEqual([{ text: 'of a' }]);
      await session.rows(`SELECT set_config('tenantry.tenant', $1, true)`, [b]);
      expect(await session.rows(NOTES)).toEqual([{ text: 'of a' }]);
    } finally {
      await session.end();
    }
  });

  it('says whether it takes a key, and calls without one', async () => {
    const session = await world.appSession();
    const asked = await session.rows(
      'SELECT tenantry.context_accepted($1) AS ours, tenantry.context_accepted($2) AS other, tenantry.context_accepted(NULL) AS unsigned',
      [KEY.id, OTHER_KEY.id],
    );
    await session.end();
    expect(asked).toEqual([{ ours: true, other: false, unsigned: false }]);
  });

  it('is kept by an installation that says nothing, and made anew where somebody changed a function', async () => {
    await world.admin.query(
      `CREATE OR REPLACE FUNCTION tenantry.current_tenant() RETURNS uuid LANGUAGE sql STABLE RETURN '${b}'::uuid`,
    );
    const { app, provisioner } = world.database.logins;
    await installKit(world.database.adminUrl, {
      appLogin: app,
      provisionerLogin: provisioner,
      service: EXAMPLE_SERVICE,
    });
    await inTransaction(async (session) => {
      expect(await refusalOf(session.rows(NOTES))).toEqual({ code: 'TN002' });
    });
    await inTransaction(async (session) => {
      expect(await refusalOf(session.enter(a, { signed: false }))).toMatchObject({ detail: 'unsigned' });
    });
  });
});

describe('the marker “mac”', () => {
  beforeAll(() => world.install(SIGNINGS.mac));

  /** As the server makes it, with a key that nobody else has: for a tenant, a process and the time a transaction began. */
  async function markerFor(tenantId: string, pid: number, began: number): Promise<string> {
    const { rows } = await world.admin.query<{ marker: string }>(
      `SELECT $1::text || encode(sha256(outer_pad || sha256(inner_pad
                || convert_to($1, 'UTF8') || int4send($2) || timestamptz_send(timestamptz 'epoch' + $3 * interval '1 microsecond'))), 'hex') AS marker
       FROM tenantry.context_signing`,
      [tenantId, pid, began],
    );
    return rows[0]!.marker;
  }

  it.each<[string, boolean, (mine: number, began: number) => [number, number]]>([
    ['this transaction', true, (pid, began) => [pid, began]],
    ['another process', false, (pid, began) => [pid + 1, began]],
    ['another transaction', false, (pid, began) => [pid, began + 1]],
  ])('is believed if it was made for %s: %s', async (_what, believed, change) => {
    await inTransaction(async (session) => {
      const [row] = await session.rows(`SELECT (extract(epoch FROM now()) * 1000000)::bigint AS began`);
      const [pid, began] = change(session.backendPid, Number((row as { began: string }).began));
      await session.rows(`SELECT set_config('tenantry.ctx', $1, true)`, [await markerFor(a, pid, began)]);
      expect(await refusalOf(session.rows(NOTES))).toEqual(believed ? undefined : { code: 'TN002' });
    });
  });
});

describe('keys', () => {
  const enters = (key: SigningKey): Promise<object | undefined> =>
    inTransaction((session) =>
      refusalOf(
        show(session, () =>
          signer(key).sign({ tenantId: a, generation: 1, readOnly: true }, session.backendPid),
        ),
      ),
    );
  const unknown = { code: 'TN003', detail: 'key' };

  it('overlap while they rotate: a service with either is let in until the old one is over', async () => {
    await world.install({ marker: 'mac', keys: [KEY] });
    await world.install({ marker: 'mac', keys: [OTHER_KEY] });
    expect([await enters(KEY), await enters(OTHER_KEY)]).toEqual([undefined, undefined]);
    await world.install({ marker: 'mac', keys: [OTHER_KEY], overlapMs: 0 });
    expect([await enters(KEY), await enters(OTHER_KEY)]).toEqual([unknown, undefined]);
    await world.install({ marker: 'mac', keys: [KEY, OTHER_KEY] });
    expect([await enters(KEY), await enters(OTHER_KEY)]).toEqual([undefined, undefined]);
  });

  it('are not put off by installing again', async () => {
    await world.install({ marker: 'mac', keys: [OTHER_KEY, KEY] });
    await world.install({ marker: 'mac', keys: [KEY], overlapMs: 600_000 });
    const end = `SELECT retired_at FROM tenantry.context_key WHERE key_id = ${OTHER_KEY.id}`;
    const { rows } = await world.admin.query(end);
    await world.install({ marker: 'mac', keys: [KEY], overlapMs: 3_600_000 });
    expect((await world.admin.query(end)).rows).toEqual(rows);
  });

  it('are read by nobody but the kit’s functions', async () => {
    const { rows } = await world.admin.query(
      `SELECT c.relname AS table, r.rolname AS reader
       FROM pg_class c CROSS JOIN pg_roles r
       WHERE c.oid IN ('tenantry.context_key'::regclass, 'tenantry.context_signing'::regclass)
         AND NOT r.rolsuper AND r.rolname NOT LIKE 'pg\\_%' AND r.rolname <> 'tenantry_kit' AND NOT pg_has_role(r.oid, 'pg_read_all_data', 'MEMBER')
         AND (has_any_column_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, REFERENCES') OR has_table_privilege(r.oid, c.oid, 'DELETE, TRUNCATE, TRIGGER'))`,
    );
    expect(rows).toEqual([]);
  });

  it('must be there', async () => {
    await expect(world.install({ marker: 'mac', keys: [] })).rejects.toThrow(SigningRefused);
  });
});

describe('switching', () => {
  const accepted = { marker: 'mac', keys: [KEY], unsigned: 'accepted' } as const;

  it.each([
    ['on', false, 'off', accepted],
    ['to refusing what is not signed', true, accepted, 'mac'],
    ['to refusing, for who was not signed yet', false, accepted, 'mac'],
    ['back to accepting', true, 'mac', accepted],
    ['off', true, accepted, 'off'],
    ['off, for who is not signed any more', false, accepted, 'off'],
  ] as const)(
    '%s is not noticed by a transaction that is under way (signed: %s)',
    async (_what, signed, from, to) => {
      await world.install(typeof from === 'string' ? SIGNINGS[from] : from);
      await inTransaction(async (session) => {
        await session.enter(a, { signed });
        expect(await session.rows(NOTES)).toEqual([{ text: 'of a' }]);
        await world.install(typeof to === 'string' ? SIGNINGS[to] : to);
        expect(await session.rows(NOTES)).toEqual([{ text: 'of a' }]);
        await session.enter(a, { signed: true });
      });
    },
  );

  it.each([true, false])('takes both forms meanwhile (signed: %s)', async (signed) => {
    await world.install(accepted);
    await inTransaction(async (session) => {
      await session.enter(a, { signed });
      expect(await session.rows(NOTES)).toEqual([{ text: 'of a' }]);
    });
  });
});

describe('the marker “setting”', () => {
  it('is refused where it cannot be had, and nothing is changed', async () => {
    await world.install(SIGNINGS.mac);
    const administrator = `tnt_test_adm_${newId().replaceAll('-', '')}`;
    const client = await world.admin.connect();
    try {
      // The right is the whole server's, and others use it: it is away in this transaction only.
      await client.query(`BEGIN; CREATE ROLE ${administrator}; GRANT tenantry_kit TO ${administrator};
        REVOKE SET ON PARAMETER backtrace_functions FROM tenantry_kit; SET LOCAL ROLE ${administrator}`);
      await expect(installContext(pgExecutor(client), SIGNINGS.setting)).rejects.toThrow(SigningRefused);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
    await inTransaction((session) => session.enter(a, { signed: true }));
    const { rows } = await world.admin.query('SELECT marker FROM tenantry.context_signing');
    expect(rows).toEqual([{ marker: 'mac' }]);
  });
});
