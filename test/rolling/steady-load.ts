import { Agent, request as send } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dice } from '../chaos/dice.ts';
import type { Action, SentRequest } from '../chaos/load.ts';

const TIMEOUT_MS = 10_000;
/** Tenants that are there from the beginning and that the data plane's requests are about. */
const HOME_TENANTS = 6;
/** How many of the tenants that were provisioned on the way are remembered to be read, suspended and deleted. */
const REMEMBERED = 40;

export interface LoadTargets {
  readonly controlPlaneUrl: string;
  readonly dataPlaneUrl: string;
  readonly apiKey: string;
  readonly dataPlaneKey: string;
}

export interface LoadRates {
  /** Requests a second, however long each takes. */
  readonly perSecond: number;
  /** Tenants a second, among them. */
  readonly tenantsPerSecond: number;
}

/** A request that was not answered as it had to be. */
export interface FailedRequest {
  /** Milliseconds since the load began. */
  readonly atMs: number;
  readonly what: string;
  readonly answer: string;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface Known {
  readonly id: string;
  readonly slug: string;
}

/** The tenant that an action of this load is under way for; nobody else changes it. */
interface Remembered extends Known {
  busy: boolean;
}

/**
 * Sends requests at a steady rate whatever becomes of them: reads, projects of tenants on the data plane, new tenants, and what befalls
 * them later. Each is legal when it is sent, so that every answer but a 2xx is a failure.
 */
export class SteadyLoad {
  readonly failed: FailedRequest[] = [];
  readonly tookMs: number[] = [];
  /** The changes that were asked for, as the judges read them. */
  readonly changes: SentRequest[] = [];
  /** The names of the projects that were answered for, by tenant. */
  readonly projects = new Map<string, string[]>();
  private readonly homes: Known[] = [];
  private readonly remembered: Remembered[] = [];
  private readonly operations: string[] = [];
  private readonly underWay = new Set<Promise<void>>();
  private readonly agent = new Agent({ keepAlive: true });
  private readonly targets: LoadTargets;
  private readonly rates: LoadRates;
  private readonly dice: Dice;
  private began = 0;
  private numbers = 0;
  private stopping = false;
  private running: Promise<void> = Promise.resolve();

  constructor(targets: LoadTargets, rates: LoadRates, dice: Dice) {
    this.targets = targets;
    this.rates = rates;
    this.dice = dice;
  }

  get tenantsProvisioned(): number {
    return this.changes.filter(({ action }) => action === 'create').length;
  }

  /** Provisions the first tenants and then begins. @throws Error when one of them does not become active. */
  async start(): Promise<void> {
    this.began = performance.now();
    for (let n = 0; n < HOME_TENANTS; n += 1) {
      const home = await this.create();
      if (!home) throw new Error(`the first tenants cannot be made: ${this.failed.at(-1)?.answer ?? ''}`);
      this.homes.push(home);
    }
    await Promise.all(this.homes.map((home) => this.untilActive(home)));
    this.running = this.run();
  }

  /** Sends nothing new and resolves when everything has its answer. */
  async finish(): Promise<void> {
    this.stopping = true;
    await this.running;
    await Promise.all(this.underWay);
    this.agent.destroy();
  }

  private async run(): Promise<void> {
    const pauseMs = 1000 / this.rates.perSecond;
    const makes = this.rates.perSecond / this.rates.tenantsPerSecond;
    const began = performance.now();
    for (let n = 1; !this.stopping; n += 1) {
      const doing = (n % makes < 1 ? this.createOne() : this.anything()).catch((error: unknown) =>
        this.note('a step of the load', String(error)),
      );
      const whole = doing.finally(() => this.underWay.delete(whole));
      this.underWay.add(whole);
      const dueMs = n * pauseMs - (performance.now() - began);
      await delay(Math.max(0, dueMs));
    }
  }

  private async createOne(): Promise<void> {
    const made = await this.create();
    if (!made) return;
    this.remembered.push({ ...made, busy: false });
    if (this.remembered.length > REMEMBERED) this.remembered.shift();
  }

  /** One request, by lot. */
  private async anything(): Promise<void> {
    const { dice } = this;
    const lot = dice.between(0, 100);
    const tenant = this.remembered.length > 0 ? dice.pick(this.remembered) : undefined;
    if (lot < 35) await this.project();
    else if (lot < 50) await this.data('GET', '/v1/projects', dice.pick(this.homes).id);
    else if (lot < 62) await this.control('GET', '/v1/tenants?limit=20');
    else if (lot < 72 && this.operations.length > 0)
      await this.control('GET', `/v1/operations/${dice.pick(this.operations)}`);
    else if (tenant) await this.visit(tenant);
    else await this.control('GET', `/v1/tenants/${dice.pick(this.homes).id}`);
  }

  /** Reads a tenant, and changes it now and then as its state allows. */
  private async visit(tenant: Remembered): Promise<void> {
    const read = await this.control('GET', `/v1/tenants/${tenant.id}`);
    const state = (read?.body as { state?: string } | undefined)?.state;
    if (tenant.busy || !this.dice.chance(0.2)) return;
    tenant.busy = true;
    const path = `/v1/tenants/${tenant.id}`;
    if (state === 'SUSPENDED')
      await this.change('reactivate', tenant, 'POST', `${path}/reactivate`, { reason: 'load' });
    else if (state === 'ACTIVE' && this.dice.chance(0.5))
      await this.change('suspend', tenant, 'POST', `${path}/suspend`, { reason: 'load' });
    else if (state === 'ACTIVE') {
      const query = `gracePeriod=PT0S&confirm=${tenant.slug}&reason=load`;
      await this.change('delete', tenant, 'DELETE', `${path}?${query}`);
      return;
    }
    tenant.busy = false;
  }

  private async create(): Promise<Known | undefined> {
    const slug = `rolling-${(this.numbers += 1)}`;
    // The first ones are pooled: their projects are counted in one table.
    const isolation = this.homes.length < HOME_TENANTS || this.dice.chance(0.5) ? 'pooled' : 'schema';
    const body = { slug, name: slug, isolation };
    const accepted = await this.change('create', undefined, 'POST', '/v1/tenants', body);
    return accepted === undefined ? undefined : { id: accepted, slug };
  }

  /** @returns the tenant's id, if the change was accepted. */
  private async change(
    action: Action,
    tenant: Known | undefined,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<string | undefined> {
    const key = `rolling-${this.changes.length + 1}`;
    const request: SentRequest = {
      key,
      action,
      tenantId: tenant?.id,
      sent: 1,
      accepted: [],
      refused: undefined,
    };
    this.changes.push(request);
    const answer = await this.control(method, path, body, { 'idempotency-key': key });
    if (answer?.status !== 202) return undefined;
    const { tenant: changed, operation } = answer.body as {
      tenant: { id: string };
      operation: { id: string; generation: number };
    };
    request.accepted.push({
      operationId: operation.id,
      tenantId: changed.id,
      generation: operation.generation,
    });
    this.operations.push(operation.id);
    return changed.id;
  }

  private async project(): Promise<void> {
    const { id } = this.dice.pick(this.homes);
    const name = `project ${(this.numbers += 1)}`;
    const answer = await this.data('POST', '/v1/projects', id, { name });
    if (answer?.status !== 201) return;
    const names = this.projects.get(id) ?? [];
    names.push(name);
    this.projects.set(id, names);
  }

  private async untilActive({ id }: Known): Promise<void> {
    for (let tries = 0; tries < 300; tries += 1) {
      const answer = await this.control('GET', `/v1/tenants/${id}`);
      if ((answer?.body as { state?: string } | undefined)?.state === 'ACTIVE') return;
      await delay(200);
    }
    throw new Error(`the tenant ${id} does not become active`);
  }

  private control(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const { controlPlaneUrl, apiKey } = this.targets;
    return this.call(`${controlPlaneUrl}${path}`, method, body, {
      authorization: `Bearer ${apiKey}`,
      ...headers,
    });
  }

  private data(method: string, path: string, tenantId: string, body?: unknown) {
    const { dataPlaneUrl, dataPlaneKey } = this.targets;
    return this.call(`${dataPlaneUrl}${path}`, method, body, {
      authorization: `Bearer ${dataPlaneKey}`,
      'tenantry-tenant': tenantId,
    });
  }

  /** @returns the answer if it is a 2xx; whatever else comes, or does not come, is a failure. */
  private async call(
    url: string,
    method: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<Answer | undefined> {
    const began = performance.now();
    const what = `${method} ${new URL(url).pathname}`;
    try {
      const { status, text } = await this.exchange(url, method, body, headers);
      this.tookMs.push(performance.now() - began);
      if (status >= 200 && status < 300)
        return { status, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
      this.note(what, `${status} ${text.slice(0, 300)}`);
    } catch (error) {
      this.note(what, String(error));
    }
    return undefined;
  }

  private note(what: string, answer: string): void {
    this.failed.push({ atMs: Math.round(performance.now() - this.began), what, answer });
  }

  private exchange(
    url: string,
    method: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<{ status: number; text: string }> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = send(
        url,
        {
          agent: this.agent,
          method,
          headers: {
            ...headers,
            ...(sent !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(sent),
            }),
          },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(sent);
    });
  }
}
