import type { Envelope, StateRecord } from '@tenantry/contracts';
import { CLOCK_SQL, migrate, pgExecutor } from '@tenantry/database';
import { newId } from '@tenantry/kernel';
import {
  EMBEDDED_TRANSPORT_SQL,
  HISTORY_SQL,
  OUTBOX_SQL,
  putTransportLogin,
  RELAY_MEMBER_SQL,
} from '@tenantry/messaging';
import { randomBytes } from 'node:crypto';
import { Pool, type PoolClient } from 'pg';
import { heardText } from './embedded-acknowledgement.js';
import { malformedEnvelopes } from './embedded-malformed.js';
import { ForeignTenants, type Heard, type Wire } from './wire.js';

const POLL_MS = 25;
const READ_AT_ONCE = 200;
/** How long to wait for an event to be handed over before it is delivered once more, or one before it is. */
const HAND_OVER_MS = 10_000;

/** Ours in the scratch database: the tenants of all runs there. */
const BOOKKEEPING = `
CREATE SCHEMA IF NOT EXISTS tenantry_conformance;
CREATE TABLE IF NOT EXISTS tenantry_conformance.tenant (tenant_id uuid PRIMARY KEY);`;

export interface EmbeddedWireOptions {
  readonly adminUrl: string;
  readonly participant: string;
  readonly allowForeignTenants: boolean;
}

/** A control plane's side of the embedded transport, as the administrator of a scratch database. */
export class EmbeddedWire implements Wire {
  readonly transport = 'embedded';
  readonly environment: Readonly<Record<string, string>>;
  private readonly pool: Pool;
  private readonly login: string;
  private readonly password = randomBytes(18).toString('hex');
  private onHeard: (heard: Heard) => void = () => undefined;
  private timer: NodeJS.Timeout | undefined;
  private reading: Promise<void> = Promise.resolve();
  private paused = false;
  private closed = false;
  private installed = false;

  constructor(private readonly options: EmbeddedWireOptions) {
    this.pool = new Pool({ connectionString: options.adminUrl, max: 8 });
    this.pool.on('error', () => undefined);
    this.login = `conformance_${options.participant.replaceAll('-', '_')}_${randomBytes(4).toString('hex')}`;
    const url = new URL(options.adminUrl);
    url.username = this.login;
    url.password = this.password;
    this.environment = { EMBEDDED_TRANSPORT_URL: url.href };
  }

  async open(onHeard: (heard: Heard) => void): Promise<void> {
    const { adminUrl, participant, allowForeignTenants } = this.options;
    if (!allowForeignTenants) await this.refuseForeign();
    await migrate(adminUrl, [CLOCK_SQL, OUTBOX_SQL, EMBEDDED_TRANSPORT_SQL, HISTORY_SQL, RELAY_MEMBER_SQL]);
    await this.pool.query(BOOKKEEPING);
    const { login, password } = this;
    await putTransportLogin(pgExecutor(this.pool), { login, password, participant });
    this.installed = true;
    // What an earlier run left unread is not this one's to judge.
    await this.pool.query('DELETE FROM tenantry.acknowledgement WHERE participant = $1', [participant]);
    this.onHeard = onHeard;
    this.readSoon();
  }

  async publish(events: readonly Envelope[]): Promise<void> {
    for (const run of runsInOrder(events)) {
      const repeats = await this.alreadyThere(run);
      for (const event of run)
        await this.handedOver(event.subject, event.tenantSeq ?? '0', repeats.has(event.id));
      await this.insert(
        run.map((event) => ({
          id: event.id,
          tenantId: event.subject,
          seq: event.tenantSeq ?? '0',
          type: event.type,
          envelope: event,
        })),
      );
    }
  }

  async publishState(record: StateRecord, tenantSeq: string): Promise<void> {
    await this.inTransaction(async (client) => {
      await ours(client, [record.tenantId]);
      await client.query(
        `INSERT INTO tenantry.tenant_state (tenant_id, tenant_seq, event_id, record, updated_at) VALUES ($1, $2, $3, $4, now())
         ON CONFLICT (tenant_id) DO UPDATE SET tenant_seq = excluded.tenant_seq, event_id = excluded.event_id,
           record = excluded.record, updated_at = now()`,
        [record.tenantId, tenantSeq, newId(), JSON.stringify(record)],
      );
      await client.query(`SELECT tenantry.transport_publish('{}', '{}', ARRAY[$1::uuid])`, [record.tenantId]);
    });
  }

  malformed(tenantId: string, nextSeq: () => string) {
    return malformedEnvelopes(tenantId, nextSeq).map(({ what, seq, envelope }) => ({
      what,
      send: () => this.insert([{ id: newId(), tenantId, seq, type: 'malformed', envelope }]),
    }));
  }

  neighbour(): string {
    return newId();
  }

  async pause(): Promise<void> {
    this.paused = true;
    await this.reading;
  }

  async resume(): Promise<void> {
    this.paused = false;
  }

  async trespasses(): Promise<readonly string[]> {
    const { rows } = await this.pool.query<{ participant: string }>(
      'SELECT DISTINCT participant FROM tenantry.acknowledgement WHERE participant <> $1',
      [this.options.participant],
    );
    return rows.map(({ participant }) => `messages on the channel of ${participant}`);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.reading;
    if (this.installed) {
      await this.pool.query('DELETE FROM tenantry.transport_login WHERE login = $1', [this.login]);
      const { rows } = await this.pool.query<{ name: string }>(
        'SELECT quote_ident(current_database()) AS name',
      );
      await this.pool.query(`REVOKE ALL ON DATABASE ${rows[0]?.name} FROM ${this.login}`);
      await this.pool.query(`DROP ROLE ${this.login}`);
    }
    await this.pool.end();
  }

  /** Before anything is changed in the database. */
  private async refuseForeign(): Promise<void> {
    const { rows } = await this.pool.query<{ control: boolean; events: boolean; ours: boolean }>(
      `SELECT to_regclass('tenantry.tenant') IS NOT NULL AS control, to_regclass('tenantry.tenant_event') IS NOT NULL AS events,
         to_regclass('tenantry_conformance.tenant') IS NOT NULL AS ours`,
    );
    const { control = false, events = false, ours: known = false } = rows[0] ?? {};
    if (control || (events && (await this.holdsForeign(known))))
      throw new ForeignTenants(`Database ${new URL(this.options.adminUrl).pathname.slice(1)}`);
  }

  private async holdsForeign(known: boolean): Promise<boolean> {
    const unknown = known
      ? 'WHERE NOT EXISTS (SELECT FROM tenantry_conformance.tenant t WHERE t.tenant_id = e.tenant_id)'
      : '';
    const { rows } = await this.pool.query<{ found: boolean }>(
      `SELECT EXISTS (SELECT FROM tenantry.tenant_event e ${unknown}) OR EXISTS (SELECT FROM tenantry.tenant_state e ${unknown}) AS found`,
    );
    return rows[0]?.found ?? false;
  }

  private async alreadyThere(events: readonly Envelope[]): Promise<Set<string>> {
    const { rows } = await this.pool.query<{ event_id: string }>(
      'SELECT event_id FROM tenantry.tenant_event WHERE event_id = ANY ($1::uuid[])',
      [events.map(({ id }) => id)],
    );
    return new Set(rows.map(({ event_id }) => event_id));
  }

  /**
   * Groups read the history in the order of its sequences. So that an event comes again, or late, everything behind it has to be handed
   * over first; then the groups are put back.
   */
  private async handedOver(tenantId: string, seq: string, again: boolean): Promise<void> {
    const deadline = performance.now() + HAND_OVER_MS;
    for (;;) {
      const { rows } = await this.pool.query<{ behind: boolean }>(
        `SELECT EXISTS (
           SELECT FROM tenantry.position p JOIN tenantry.transport_group g USING (grp)
           WHERE g.participant = $1 AND p.tenant_id = $2 AND p.last_seq < p.head_seq
             AND (p.head_seq > $3 OR $4 AND p.head_seq >= $3)) AS behind`,
        [this.options.participant, tenantId, seq, again],
      );
      if (!rows[0]?.behind || performance.now() > deadline) return;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  private async insert(
    events: readonly {
      readonly id: string;
      readonly tenantId: string;
      readonly seq: string;
      readonly type: string;
      readonly envelope: unknown;
    }[],
  ): Promise<void> {
    const tenants = events.map(({ tenantId }) => tenantId);
    const seqs = events.map(({ seq }) => seq);
    await this.inTransaction(async (client) => {
      await ours(client, tenants);
      await client.query(
        `INSERT INTO tenantry.tenant_event (event_id, tenant_id, tenant_seq, type, occurred_at, envelope)
         SELECT event_id, tenant_id, tenant_seq, type, now(), envelope
         FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::jsonb[]) AS e (event_id, tenant_id, tenant_seq, type, envelope)
         ON CONFLICT DO NOTHING`,
        [
          events.map(({ id }) => id),
          tenants,
          seqs,
          events.map(({ type }) => type),
          events.map(({ envelope }) => JSON.stringify(envelope)),
        ],
      );
      await client.query(`SELECT tenantry.transport_publish($1::uuid[], $2::bigint[], '{}')`, [
        tenants,
        seqs,
      ]);
      await client.query(
        `UPDATE tenantry.position p
         SET last_seq = e.tenant_seq - 1, due_at = now(), lease = nextval('tenantry.position_lease')
         FROM tenantry.transport_group g, (
           SELECT tenant_id, min(tenant_seq) AS tenant_seq FROM unnest($2::uuid[], $3::bigint[]) AS u (tenant_id, tenant_seq) GROUP BY 1
         ) e
         WHERE g.grp = p.grp AND g.participant = $1 AND e.tenant_id = p.tenant_id AND p.last_seq >= e.tenant_seq`,
        [this.options.participant, tenants, seqs],
      );
    });
  }

  private async inTransaction(work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      await work(client);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  private readSoon(): void {
    if (this.closed) return;
    this.timer = setTimeout(() => {
      if (this.paused) return this.readSoon();
      this.reading = this.read()
        .catch(() => undefined)
        .then(() => this.readSoon());
    }, POLL_MS);
  }

  private async read(): Promise<void> {
    const { rows } = await this.pool.query<{ participant: string; subject: string; envelope: string }>(
      `WITH next AS (
         SELECT id FROM tenantry.acknowledgement WHERE participant = $1 ORDER BY id LIMIT ${READ_AT_ONCE}
       ), gone AS (
         DELETE FROM tenantry.acknowledgement a USING next WHERE a.id = next.id RETURNING a.*
       )
       SELECT participant, subject, envelope::text FROM gone ORDER BY id`,
      [this.options.participant],
    );
    for (const row of rows) this.onHeard(heardText(row.participant, row.subject, row.envelope));
  }
}

/** Splits where a tenant's sequence does not grow: what follows is to arrive after, although it belongs before. */
function runsInOrder(events: readonly Envelope[]): Envelope[][] {
  const runs: Envelope[][] = [];
  let last = new Map<string, bigint>();
  for (const event of events) {
    const seq = BigInt(event.tenantSeq ?? '0');
    if (runs.length === 0 || seq <= (last.get(event.subject) ?? -1n)) {
      runs.push([]);
      last = new Map();
    }
    runs.at(-1)?.push(event);
    last.set(event.subject, seq);
  }
  return runs;
}

async function ours(client: PoolClient, tenantIds: readonly string[]): Promise<void> {
  await client.query(
    'INSERT INTO tenantry_conformance.tenant (tenant_id) SELECT DISTINCT unnest($1::uuid[]) ON CONFLICT DO NOTHING',
    [tenantIds],
  );
}
