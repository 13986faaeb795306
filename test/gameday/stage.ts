import { waitFor, type AppName, type HttpAnswer } from '@tenantry/testing/servers';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Billing } from './billing.ts';
import type { GameDaySystem } from './game-day-system.ts';

interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly state: string;
}

const CONVERGENCE_MS = 60_000;

/** What scenes act with. */
export class Stage {
  readonly system: GameDaySystem;
  readonly billing: Billing;
  /** A tenant that was there before every trouble. */
  served = '';
  private readonly repeating = new Map<string, { stop: boolean; ended: Promise<void> }>();

  constructor(system: GameDaySystem, billing: Billing) {
    this.system = system;
    this.billing = billing;
  }

  /** Asks for a tenant. @returns it as it is then, not provisioned yet. */
  async create(isolation: 'pooled' | 'schema' = 'pooled'): Promise<Tenant> {
    const slug = `gameday-${randomBytes(5).toString('hex')}`;
    const body = { slug, name: slug, isolation };
    return accepted(await this.system.control.post<{ tenant: Tenant }>('/v1/tenants', body)).tenant;
  }

  /** A tenant that is served. */
  async active(isolation: 'pooled' | 'schema' = 'pooled'): Promise<Tenant> {
    const { id } = await this.create(isolation);
    return this.reaches(id, 'ACTIVE');
  }

  async reaches(id: string, state: string): Promise<Tenant> {
    return waitFor(
      `tenant ${id} to be ${state}`,
      async () => {
        const { body } = await this.system.control.get<Tenant>(`/v1/tenants/${id}`);
        return body.state === state && body;
      },
      CONVERGENCE_MS,
    );
  }

  /** Changes a tenant, so that there is an audit entry and an event. */
  async change(id: string): Promise<void> {
    const plan = `plan-${randomBytes(4).toString('hex')}`;
    await this.system.control.with({ 'if-match': '*' }).patch(`/v1/tenants/${id}`, { plan });
  }

  async post<Body>(path: string, body?: unknown): Promise<Body> {
    return accepted(await this.system.control.post<Body>(path, body));
  }

  async rows<Row>(app: AppName, sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = await this.connect(app);
    try {
      return (await client.query(sql, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** Holds a table's lock in an open transaction. @returns what lets go of it. */
  async lock(app: AppName, table: string, mode: string): Promise<() => Promise<void>> {
    const client = await this.connect(app);
    await client.query('BEGIN');
    await client.query(`LOCK TABLE ${table} IN ${mode} MODE`);
    return () => client.end();
  }

  /** Does something again and again until `endRepeating` with the same name; a failure is no reason to stop. */
  repeat(name: string, everyMs: number, work: () => Promise<unknown>): void {
    const loop = { stop: false, ended: Promise.resolve() };
    loop.ended = (async () => {
      while (!loop.stop) {
        await work().catch(() => undefined);
        await delay(everyMs);
      }
    })();
    this.repeating.set(name, loop);
  }

  async endRepeating(name: string): Promise<void> {
    const loop = this.repeating.get(name);
    if (!loop) return;
    loop.stop = true;
    await loop.ended;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.repeating.keys()].map((name) => this.endRepeating(name)));
  }

  private async connect(app: AppName): Promise<Client> {
    const client = new Client({ connectionString: this.system.adminUrls[app] });
    await client.connect();
    return client;
  }
}

/** @throws Error with what was answered when it is no success. */
export function accepted<Body>(answer: HttpAnswer<Body>): Body {
  if (answer.status >= 200 && answer.status < 300) return answer.body;
  throw new Error(`answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
}
