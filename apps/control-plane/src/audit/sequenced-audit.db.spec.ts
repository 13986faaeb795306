import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { migrate, pgExecutor } from '@tenantry/database';
import { testDatabase } from '@tenantry/testing';
import { createHash, randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { migrateControlPlane } from '../database/migrate-control-plane.js';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';
import { AuditReplica } from '../testing/audit-replica.js';
import { LifecycleHarness } from '../testing/lifecycle-harness.js';
import { leafOf, mth } from '../testing/rfc9162.js';
import { recordSystemAuditTx } from './system-audit.js';

interface LeafRow {
  readonly position: string;
  readonly leaf_hash: Buffer;
  readonly chain_hash: Buffer;
  readonly document: Record<string, unknown>;
}

/** The log as the administrator finds it, with what each entry should be hashed from. */
async function logOf(admin: Client): Promise<LeafRow[]> {
  const { rows } = await admin.query<LeafRow>(
    `SELECT l.position, l.leaf_hash, l.chain_hash, jsonb_build_object(
       'id', e.id, 'at', to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'actor', e.actor, 'tenantId', e.tenant_id,
       'action', e.action, 'resource', e.resource, 'reason', e.reason, 'before', e.before, 'after', e.after,
       'requestId', e.request_id, 'traceId', e.trace_id) AS document
     FROM tenantry.audit_leaf l JOIN tenantry.audit_entry e ON e.id = l.entry_id ORDER BY l.position`,
  );
  return rows;
}

/** Our names are ASCII, so that sorting them by whatever order is that of RFC 8785. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `"${name}":${canonical((value as Record<string, unknown>)[name])}`).join(',')}}`;
}

async function expectWhole(admin: Client): Promise<LeafRow[]> {
  const log = await logOf(admin);
  expect(log.map(({ position }) => Number(position))).toEqual(log.map((_, index) => index));
  let link: Buffer = Buffer.alloc(32);
  for (const { document, leaf_hash, chain_hash } of log) {
    expect(leaf_hash).toEqual(leafOf(canonical(document)));
    link = createHash('sha256')
      .update(Buffer.concat([Buffer.from([2]), link, leaf_hash]))
      .digest();
    expect(chain_hash).toEqual(link);
  }
  const { rows } = await admin.query<{ size: string; chain_hash: Buffer }>(
    'SELECT * FROM tenantry.audit_head',
  );
  expect([Number(rows[0]?.size), rows[0]?.chain_hash]).toEqual([log.length, link]);
  return log;
}

describe('the sequenced audit log', () => {
  let control: LifecycleHarness;
  let replica: AuditReplica;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
    replica = await AuditReplica.start(control.serviceUrl);
  });
  afterAll(async () => {
    await replica?.stop();
    await control?.stop();
  });

  /** Writes entries as a migration does, in one transaction. */
  async function write(count: number, client: Client = control.admin): Promise<void> {
    await client.query('BEGIN');
    const sql = pgExecutor(client);
    for (let n = 0; n < count; n += 1) {
      await recordSystemAuditTx(sql, {
        actor: 'system:test',
        action: 'test.write',
        resource: `tests/${n}`,
        after: { n },
      });
    }
    await client.query('COMMIT');
  }

  const waiting = async (): Promise<number> =>
    (await control.rows('SELECT 1 FROM tenantry.audit_pending')).length;

  it('gives every entry a position without gaps, and its hashes', async () => {
    await control.active({ labels: { ä: 'ö', b: '"\\\u2028' } });
    expect(await waiting()).toBeGreaterThan(0);
    expect(await replica.sequenceAll()).toBeGreaterThan(0);
    expect(await waiting()).toBe(0);
    const log = await expectWhole(control.admin);
    const entries = await control.rows('SELECT 1 FROM tenantry.audit_entry');
    expect(log).toHaveLength(entries.length);
    expect(await replica.sequenceAll()).toBe(0);
  });

  it('stores the complete subtrees of an independent Merkle tree', async () => {
    await write(45);
    await replica.sequencer.step(13);
    await replica.sequenceAll();
    const leaves = (await expectWhole(control.admin)).map(({ leaf_hash }) => leaf_hash);
    const nodes = await control.rows<{ level: number; index: string; hash: Buffer }>(
      'SELECT * FROM tenantry.audit_node',
    );
    for (const { level, index, hash } of nodes) {
      const from = Number(index) * 2 ** level;
      expect(hash).toEqual(mth(leaves.slice(from, from + 2 ** level)));
    }
    let complete = 0;
    for (let width = 2; width <= leaves.length; width *= 2) complete += Math.floor(leaves.length / width);
    expect(nodes).toHaveLength(complete);
  });

  it('is written by one of many sequencers at a time, each entry once', async () => {
    const others = await Promise.all(
      [1, 2, 3].map(() => AuditReplica.start(control.serviceUrl, replica.key)),
    );
    const before = (await logOf(control.admin)).length;
    try {
      const done = new AbortController();
      const work = [replica, ...others].map(async ({ sequencer }) => {
        let own = 0;
        while (!done.signal.aborted || (await waiting()) > 0) own += await sequencer.step(7);
        return own;
      });
      for (let n = 0; n < 20; n += 1) await write(15);
      done.abort();
      const shares = await Promise.all(work);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBe(300);
      expect(await expectWhole(control.admin)).toHaveLength(before + 300);
    } finally {
      await Promise.all(others.map((other) => other.stop()));
    }
  });

  it('leaves a sequencer nothing to do while another one is at it', async () => {
    await write(3);
    const other = new Client({ connectionString: control.serviceUrl });
    await other.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM tenantry.audit_head FOR UPDATE');
    expect(await replica.sequencer.step()).toBe(0);
    // As a replica that is killed in the middle: its connection ends, and with it its transaction.
    await other.end();
    expect(await replica.sequencer.step()).toBe(3);
  });

  it('gives no position to what is rolled back, and one to what is committed late', async () => {
    const late = new Client({ connectionString: control.serviceUrl });
    await late.connect();
    try {
      const before = await expectWhole(control.admin);
      const record = { actor: 'system:test', action: 'test.late', resource: 'tests/late', after: {} };
      await late.query('BEGIN');
      await recordSystemAuditTx(pgExecutor(late), record);
      await write(2);
      expect(await replica.sequenceAll()).toBe(2);
      await late.query('COMMIT');
      expect(await replica.sequenceAll()).toBe(1);
      await late.query('BEGIN');
      await recordSystemAuditTx(pgExecutor(late), record);
      await late.query('ROLLBACK');
      expect(await replica.sequenceAll()).toBe(0);
      const log = await expectWhole(control.admin);
      expect(log.slice(before.length).map(({ document }) => document['action'])).toEqual([
        'test.write',
        'test.write',
        'test.late',
      ]);
    } finally {
      await late.end();
    }
  });

  it.each([
    ['take an entry off the waiting ones', 'DELETE FROM tenantry.audit_pending', '42501'],
    [
      'let an entry wait twice',
      'INSERT INTO tenantry.audit_pending (entry_id) SELECT id FROM tenantry.audit_entry',
      '42501',
    ],
    ['move the head', 'UPDATE tenantry.audit_head SET size = 0', '42501'],
    ['edit an entry', `UPDATE tenantry.audit_entry SET actor = 'x'`, '42501'],
    ['move an entry', 'UPDATE tenantry.audit_leaf SET position = position + 1', '42501'],
    ['remove a position', 'DELETE FROM tenantry.audit_leaf', '42501'],
    ['change a node', `UPDATE tenantry.audit_node SET hash = hash`, '42501'],
    ['remove a checkpoint', 'DELETE FROM tenantry.audit_checkpoint', '42501'],
    ['change a key', `UPDATE tenantry.signing_key SET jwk = '{}'`, '42501'],
    [
      'leave a gap',
      `INSERT INTO tenantry.audit_leaf (position, entry_id, leaf_hash, chain_hash)
       SELECT size + 1, (SELECT entry_id FROM tenantry.audit_pending LIMIT 1), chain_hash, chain_hash FROM tenantry.audit_head`,
      '23000',
    ],
    [
      'give an entry a second position',
      `INSERT INTO tenantry.audit_leaf (position, entry_id, leaf_hash, chain_hash)
       SELECT size, (SELECT entry_id FROM tenantry.audit_leaf LIMIT 1), chain_hash, chain_hash FROM tenantry.audit_head`,
      '23505',
    ],
    [
      'keep a checkpoint of a size that the log does not have',
      `INSERT INTO tenantry.audit_checkpoint (tree_size, root_hash, note, kid, created_at)
       SELECT size + 1, chain_hash, '', '', now() FROM tenantry.audit_head`,
      '23000',
    ],
    [
      'keep a checkpoint of a size that the log had once',
      `INSERT INTO tenantry.audit_checkpoint (tree_size, root_hash, note, kid, created_at)
       SELECT size - 1, chain_hash, '', '', now() FROM tenantry.audit_head`,
      '23000',
    ],
  ])('lets the service not %s', async (_what, statement, code) => {
    await write(1);
    const service = new Client({ connectionString: control.serviceUrl });
    await service.connect();
    try {
      await expect(service.query(statement)).rejects.toMatchObject({ code });
    } finally {
      await service.end();
    }
  });

  it('gives no position to an entry that does not wait for one', async () => {
    await replica.sequenceAll();
    await write(1);
    const [taken] = await control.rows<{ entry_id: string }>(
      'DELETE FROM tenantry.audit_pending RETURNING entry_id',
    );
    const service = new Client({ connectionString: control.serviceUrl });
    await service.connect();
    try {
      const insert = service.query(
        `INSERT INTO tenantry.audit_leaf (position, entry_id, leaf_hash, chain_hash)
         SELECT size, $1, chain_hash, chain_hash FROM tenantry.audit_head`,
        [taken!.entry_id],
      );
      await expect(insert).rejects.toMatchObject({ code: '23000' });
    } finally {
      await service.end();
      await control.rows('INSERT INTO tenantry.audit_pending (entry_id) VALUES ($1)', [taken!.entry_id]);
    }
    expect(await replica.sequenceAll()).toBe(1);
  });

  it.each(['audit_entry', 'audit_leaf', 'audit_node', 'audit_checkpoint', 'signing_key'])(
    'lets not even the owner rewrite %s by accident',
    async (table) => {
      for (const statement of [`DELETE FROM tenantry.${table}`, `TRUNCATE tenantry.${table} CASCADE`]) {
        await expect(control.admin.query(statement)).rejects.toThrow(/append-only/);
      }
    },
  );

  it('takes in what an earlier version wrote', async () => {
    const database = await testDatabase();
    const admin = new Client({ connectionString: database.adminUrl });
    await admin.connect();
    const service = { name: `tnt_test_cp_${randomBytes(6).toString('hex')}`, password: 'secret' };
    try {
      await admin.query(
        `DO $$ BEGIN EXECUTE 'GRANT CREATE ON DATABASE ' || quote_ident(current_database()) || ' TO tenantry_owner'; END $$`,
      );
      const url = new URL(database.adminUrl);
      url.searchParams.set('options', '-c role=tenantry_owner');
      const at = CONTROL_PLANE_MIGRATIONS.findIndex(({ name }) => name.endsWith('0003-sequenced-audit'));
      await migrate(url.href, CONTROL_PLANE_MIGRATIONS.slice(0, at));
      await write(5, admin);
      await migrateControlPlane({ adminUrl: database.adminUrl, service });
      await write(2, admin);
      const upgraded = await AuditReplica.start(database.urlFor(service.name, service.password));
      try {
        expect(await upgraded.sequenceAll()).toBe(7);
      } finally {
        await upgraded.stop();
      }
      expect(await expectWhole(admin)).toHaveLength(7);
    } finally {
      await admin.end();
      await database.drop();
      await control.admin.query(`DROP ROLE IF EXISTS ${service.name}`);
    }
  });
});
