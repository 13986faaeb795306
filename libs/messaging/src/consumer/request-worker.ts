import { pgExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
import type { Logger } from '../logger.js';
import { settledWithin } from '../settled-within.js';
import { WorkLoop } from '../work-loop.js';
import { HeldRequest } from './held-request.js';
import { claimRequests, releaseRequest, renewLeases, versionsOf, type ClaimedRequest } from './inbox.js';
import type { RequestHandler } from './work-item.js';

export interface RequestWorkerOptions {
  /**
   * Of the service's own database, with CONSUMER_SQL applied; not one that handlers can exhaust, or the leases cannot be
   * renewed. Its owner listens to its 'error' event, which would otherwise end the process when an idle connection dies.
   */
  readonly pool: Pool;
  readonly participant: string;
  readonly handler: RequestHandler;
  readonly logger: Logger;
  /** How many tenants are worked at once; one request per tenant always. Default 4. */
  readonly concurrency?: number;
  /** How long a worker that died keeps its requests. Default 15 000. */
  readonly leaseMs?: number;
  /** How often the inbox is looked at without being woken. Default 500. */
  readonly pollMs?: number;
  /** How long `stop` lets running handlers finish before it aborts them. Default 5 000. */
  readonly stopGraceMs?: number;
  /** Called after an answer was put into the acknowledgement outbox: wake the sender. */
  readonly onAcknowledgement?: () => void;
  /**
   * Whether a request that has been answered is answered from what is stored when it is asked again. Default: true. False for work whose
   * result ages, such as a scan: it is worked anew, and answers for the attempt that it began with.
   */
  readonly repeatsAnswers?: boolean;
}

/** How long an aborted handler may take to end before `stop` leaves its tenant to the lease. */
const ABORT_GRACE_MS = 2_000;

/**
 * Works the inbox outside the poll loop: any number of workers share it, each tenant is with one of them at a time.
 * Effectively once: a handler may be run again after a crash, but each operation is answered for what was done.
 */
export class RequestWorker {
  private readonly held = new Map<string, HeldRequest>();
  private readonly loop: WorkLoop;
  private readonly leaseMs: number;
  private renewedAt = 0;
  private stopped: Promise<void> | undefined;

  constructor(private readonly options: RequestWorkerOptions) {
    this.leaseMs = options.leaseMs ?? 15_000;
    const pollMs = Math.min(options.pollMs ?? 500, this.leaseMs / 3);
    this.loop = new WorkLoop({
      step: async () => {
        await this.tick();
        return false;
      },
      minPauseMs: pollMs,
      maxPauseMs: pollMs,
      onError: (error) => options.logger.warn({ err: error }, 'The inbox could not be read; trying again'),
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Looks at the inbox, and at whether what runs was superseded, now. */
  wake(): void {
    this.loop.wake();
  }

  /** Takes nothing new, lets running handlers finish for a while, then aborts them and hands their requests back. */
  stop(): Promise<void> {
    this.stopped ??= this.finish();
    return this.stopped;
  }

  private async finish(): Promise<void> {
    if (!(await this.settledWithin(this.options.stopGraceMs ?? 5_000))) {
      for (const held of this.held.values()) held.abandon('stopping');
      if (!(await this.settledWithin(ABORT_GRACE_MS))) {
        const tenantIds = [...this.held.keys()];
        this.options.logger.warn(
          { tenantIds },
          'Handlers ignored the abort; their requests go to others when the lease ends',
        );
      }
    }
    await this.loop.stop();
    for (const held of this.held.values()) held.forget();
  }

  private settledWithin(ms: number): Promise<boolean> {
    return settledWithin(
      [...this.held.values()].map(({ done }) => done),
      ms,
    );
  }

  private async tick(): Promise<void> {
    await this.watch();
    const free = (this.options.concurrency ?? 4) - this.held.size;
    if (this.isStopping() || free <= 0) return;
    const sentAt = performance.now();
    const requests = await claimRequests(pgExecutor(this.options.pool), {
      limit: free,
      leaseMs: this.leaseMs,
      // A handler that outlived its lease still runs here: its tenant is not taken up beside it.
      except: [...this.held.keys()],
    });
    // `stop` came while the claim was on its way: it has waited for what was held and would not wait for these.
    if (this.isStopping()) return this.giveBack(requests);
    for (const request of requests) this.hold(request, sentAt);
  }

  private isStopping(): boolean {
    return this.stopped !== undefined;
  }

  private async giveBack(requests: readonly ClaimedRequest[]): Promise<void> {
    const sql = pgExecutor(this.options.pool);
    await Promise.all(requests.map(({ claim }) => releaseRequest(sql, claim, 0)));
  }

  private hold(request: ClaimedRequest, sentAt: number): void {
    const { tenantId } = request.claim;
    const held = new HeldRequest(request, this.options, sentAt + this.leaseMs, () => {
      this.held.delete(tenantId);
      this.wake();
    });
    this.held.set(tenantId, held);
  }

  /** Renews what a third of its lease has passed of, and abandons what was superseded or taken. */
  private async watch(): Promise<void> {
    const held = [...this.held.values()];
    if (held.length === 0) return;
    const sql = pgExecutor(this.options.pool);
    const claims = held.map(({ claim }) => claim);
    const sentAt = performance.now();
    const renewing = sentAt - this.renewedAt >= this.leaseMs / 3;
    const versions = renewing ? await renewLeases(sql, claims, this.leaseMs) : await versionsOf(sql, claims);
    if (renewing) this.renewedAt = sentAt;
    for (const one of held)
      one.observe(versions.get(one.claim.tenantId), renewing ? sentAt + this.leaseMs : undefined);
  }
}
