import { setTimeout as delay } from 'node:timers/promises';
import { Dice } from './dice.ts';

export type Action = 'create' | 'suspend' | 'reactivate' | 'delete' | 'cancel_deletion';

/** One request of the load, with everything that was ever answered to it. */
export interface SentRequest {
  readonly key: string;
  readonly action: Action;
  /** Undefined for a creation. */
  readonly tenantId: string | undefined;
  /** How often it was sent, under the same key. */
  sent: number;
  /** Every 202, replays included. */
  readonly accepted: { operationId: string; tenantId: string; generation: number }[];
  /** The definite refusal, if that was the end of it. */
  refused: { status: number; code: string } | undefined;
}

interface KnownTenant {
  readonly id: string;
  readonly slug: string;
}

interface TenantBody {
  readonly id: string;
  readonly state: string;
}

interface AcceptedBody {
  readonly tenant: { readonly id: string };
  readonly operation: { readonly id: string; readonly generation: number };
}

const ANSWER_TIMEOUT_MS = 10_000;
/** Far beyond every outage that is planned. */
const GIVE_UP_MS = 300_000;
/** What is asked of a tenant in a state; an action that is not legal there is tried now and then all the same. */
const USUAL: Readonly<Record<string, readonly (Action | 'wait')[]>> = {
  REQUESTED: ['suspend', 'delete', ...waits(6)],
  PROVISIONING: ['suspend', 'delete', ...waits(10)],
  ACTIVE: ['suspend', 'delete', 'wait'],
  REACTIVATING: ['suspend', 'delete', ...waits(8)],
  SUSPENDING: ['reactivate', 'delete', ...waits(8)],
  SUSPENDED: ['reactivate', 'delete', 'wait'],
  DELETION_SCHEDULED: ['cancel_deletion', ...waits(8)],
  PURGING: ['delete', ...waits(9)],
};
const WAIT = waits(1);
const ACTIONS: readonly Exclude<Action, 'create'>[] = ['suspend', 'reactivate', 'delete', 'cancel_deletion'];

/**
 * A fixed number of users, each with one tenant at a time, who ask for changes over the REST API and insist on an answer: a request
 * whose outcome is unknown is sent again under its key. When a tenant is purged its user makes another one.
 */
export class Load {
  readonly requests: SentRequest[] = [];
  private readonly users: Promise<void>[] = [];
  private readonly stopping = new AbortController();
  private readonly api: { readonly url: string; readonly key: string };
  private readonly dice: Dice;
  private keys = 0;

  constructor(api: { readonly url: string; readonly key: string }, dice: Dice) {
    this.api = api;
    this.dice = dice;
  }

  start(users: number): void {
    for (let n = 0; n < users; n += 1) this.users.push(this.user(n));
  }

  /** Sends nothing new and resolves when every request has its answer. */
  async finish(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.users);
  }

  private async user(n: number): Promise<void> {
    const dice = this.dice.fork(`user ${n}`);
    let tenant: KnownTenant | undefined;
    for (let step = 0; !this.stopping.signal.aborted; step += 1) {
      const began = performance.now();
      if (tenant) {
        const state = await this.stateOf(tenant);
        if (state === 'PURGED') tenant = undefined;
        else if (state !== undefined) await this.act(tenant, state, dice);
      } else {
        tenant = await this.create(n, step, dice);
      }
      // Who waits long for an answer asks less often: a slow machine is to be tested, not drowned.
      const pauseMs = dice.between(50, 1500) + 3 * (performance.now() - began);
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async create(n: number, step: number, dice: Dice): Promise<KnownTenant | undefined> {
    const slug = `chaos-${n}-${step}`;
    const isolation = n % 2 === 0 ? 'schema' : 'pooled';
    const request = await this.insist('create', undefined, dice, () => ({
      method: 'POST',
      path: '/v1/tenants',
      body: { slug, name: slug, isolation },
    }));
    const id = request.accepted[0]?.tenantId;
    return id === undefined ? undefined : { id, slug };
  }

  private async act({ id, slug }: KnownTenant, state: string, dice: Dice): Promise<void> {
    const action = dice.chance(0.05) ? dice.pick(ACTIONS) : dice.pick(USUAL[state] ?? WAIT);
    if (action === 'wait') return;
    const grace = dice.pick(['PT0S', 'PT0S', 'PT2S', 'PT5S']);
    await this.insist(action, id, dice, () => {
      switch (action) {
        case 'delete':
          return {
            method: 'DELETE',
            path: `/v1/tenants/${id}?gracePeriod=${grace}&confirm=${slug}&reason=chaos`,
          };
        case 'cancel_deletion':
          return { method: 'DELETE', path: `/v1/tenants/${id}/deletion?reason=chaos` };
        default:
          return { method: 'POST', path: `/v1/tenants/${id}/${action}`, body: { reason: 'chaos' } };
      }
    });
  }

  /** Sends a request until its outcome is known; now and then once more, or twice at the same time. */
  private async insist(
    action: Action,
    tenantId: string | undefined,
    dice: Dice,
    make: () => { method: string; path: string; body?: unknown },
  ): Promise<SentRequest> {
    const request: SentRequest = {
      key: `chaos-${(this.keys += 1)}`,
      action,
      tenantId,
      sent: 0,
      accepted: [],
      refused: undefined,
    };
    this.requests.push(request);
    const copies = dice.chance(0.1) ? 2 : 1;
    const again = dice.chance(0.1);
    const what = make();
    await Promise.all(Array.from({ length: copies }, () => this.untilAnswered(request, what)));
    if (again) await this.untilAnswered(request, what);
    return request;
  }

  private async untilAnswered(
    request: SentRequest,
    { method, path, body }: { method: string; path: string; body?: unknown },
  ): Promise<void> {
    const deadline = performance.now() + GIVE_UP_MS;
    for (let pauseMs = 100; performance.now() < deadline; pauseMs = Math.min(pauseMs * 2, 2000)) {
      request.sent += 1;
      const answer = await this.call(method, path, body, { 'idempotency-key': request.key });
      if (answer?.status === 202) {
        const { tenant, operation } = answer.body as AcceptedBody;
        request.accepted.push({
          operationId: operation.id,
          tenantId: tenant.id,
          generation: operation.generation,
        });
        return;
      }
      if (answer && answer.status < 500) {
        const { code = '' } = answer.body as { code?: string };
        if (code !== 'idempotency-key-in-flight') {
          request.refused = { status: answer.status, code };
          return;
        }
      }
      await delay(pauseMs);
    }
  }

  private async stateOf({ id }: KnownTenant): Promise<string | undefined> {
    const answer = await this.call('GET', `/v1/tenants/${id}`);
    return answer?.status === 200 ? (answer.body as TenantBody).state : undefined;
  }

  /** Undefined when there was no answer, or none that can be read. */
  private async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: unknown } | undefined> {
    try {
      const answer = await fetch(`${this.api.url}${path}`, {
        method,
        headers: {
          connection: 'close',
          authorization: `Bearer ${this.api.key}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return undefined;
    }
  }
}

function waits(count: number): 'wait'[] {
  return Array.from({ length: count }, () => 'wait');
}
