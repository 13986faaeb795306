import { pgExecutor, PgListener, type SqlExecutor } from '@tenantry/database';
import { backoffMs, type Backoff } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { BackgroundSubscription } from '../background-subscription.js';
import { InFlight } from '../in-flight.js';
import { Lease } from '../lease.js';
import type { Logger } from '../logger.js';
import { parseEnvelopeText, positioned } from '../parse-envelope.js';
import { PEER_PATIENCE_MS, settledWithin } from '../settled-within.js';
import type { ParticipantTransport } from '../transport.js';
import { WorkLoop } from '../work-loop.js';
import { joinPlaced } from './embedded-bootstrap.js';
import { isRefusedLogin } from './refused-login.js';

/** Events read at once of one tenant. */
const EVENTS_PER_READ = 50;

export interface EmbeddedLifecycleOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly subscriber: Parameters<ParticipantTransport['consumeLifecycle']>[0];
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly backoff: Backoff;
}

interface ClaimedTenant {
  readonly tenant_id: string;
  readonly last_seq: string;
  readonly lease: string;
  readonly attempts: number;
}

/** A member of a group: takes tenants that are behind, and hands on their events in order, one tenant by one member at a time. */
export class EmbeddedLifecycle {
  readonly subscription = new BackgroundSubscription(() => this.end());
  private readonly sql: SqlExecutor;
  private readonly loop: WorkLoop;
  private readonly listener: PgListener;
  private readonly delivering = new Set<Promise<void>>();
  private readonly handling = new InFlight();
  private joined = false;

  constructor(private readonly options: EmbeddedLifecycleOptions) {
    const { pool, pollMs } = options;
    this.sql = pgExecutor(pool);
    this.loop = new WorkLoop({
      step: () => this.claim(),
      minPauseMs: pollMs,
      maxPauseMs: pollMs,
      onError: (err) => this.onError(err),
    });
    this.listener = new PgListener({
      pool,
      channels: ['tenantry_position'],
      onNotification: () => this.loop.wake(),
      onError: (err) => options.logger.warn({ err }, 'lifecycle events cannot be listened for'),
    });
  }

  start(): void {
    void this.listener.start();
    this.loop.start();
  }

  private async end(): Promise<void> {
    const left = Promise.all([this.listener.stop(), this.loop.stop()]).then(() =>
      Promise.all(this.delivering),
    );
    await this.handling.settled();
    await settledWithin([left], PEER_PATIENCE_MS);
  }

  private onError(err: unknown): void {
    const { logger, subscriber } = this.options;
    if (isRefusedLogin(err)) this.subscription.fail(err);
    else logger.warn({ err, group: subscriber.group }, 'lifecycle events cannot be read');
  }

  private async claim(): Promise<boolean> {
    const { subscriber, concurrency, leaseMs } = this.options;
    const free = concurrency - this.delivering.size;
    if (free <= 0) return false;
    if (!this.joined) await this.join();
    this.joined = true;
    const askedAt = performance.now();
    const claimed = await this.sql.query<ClaimedTenant>(
      'SELECT * FROM tenantry.transport_claim($1, $2, $3)',
      [subscriber.group, free, leaseMs],
    );
    for (const tenant of claimed) {
      const delivering: Promise<void> = this.deliver(tenant, askedAt).finally(() => {
        this.delivering.delete(delivering);
        this.loop.wake();
      });
      this.delivering.add(delivering);
    }
    return claimed.length > 0;
  }

  private async join(): Promise<void> {
    const { logger, subscriber } = this.options;
    const { group, bootstrap } = subscriber;
    if (!bootstrap) await this.sql.query('SELECT tenantry.transport_join($1)', [group]);
    else
      await joinPlaced(this.sql, group, bootstrap, (reason) =>
        logger.error({ reason, group }, 'a state record cannot be read'),
      );
  }

  private async deliver(tenant: ClaimedTenant, askedAt: number): Promise<void> {
    const { logger, leaseMs, backoff, subscriber } = this.options;
    const lease = new Lease(leaseMs, askedAt, () => this.renew(tenant));
    const progress = { last: tenant.last_seq, failures: tenant.attempts };
    try {
      await this.deliverInOrder(tenant, lease, progress);
      lease.end();
      await this.release(tenant, null);
    } catch (err) {
      lease.end();
      const retryMs = backoffMs(backoff, progress.failures + 1);
      const fields = {
        err,
        group: subscriber.group,
        tenantId: tenant.tenant_id,
        afterSeq: progress.last,
        retryMs,
      };
      logger.warn(fields, 'lifecycle event is delivered again later');
      await this.release(tenant, retryMs).catch((cause: unknown) =>
        logger.warn({ ...fields, err: cause }, 'tenant cannot be given back'),
      );
    } finally {
      lease.end();
    }
  }

  private async deliverInOrder(
    tenant: ClaimedTenant,
    lease: Lease,
    progress: { last: string; failures: number },
  ): Promise<void> {
    const group = this.options.subscriber.group;
    for (;;) {
      const events = await this.sql.query<{ tenant_seq: string; envelope: string }>(
        'SELECT tenant_seq, envelope::text FROM tenantry.transport_events($1, $2, $3, $4)',
        [group, tenant.tenant_id, progress.last, EVENTS_PER_READ],
      );
      for (const { tenant_seq, envelope } of events) {
        if (!lease.held || this.subscription.signal.aborted) return;
        await this.dispatch(envelope);
        const [answer] = await this.sql.query<{ advanced: boolean }>(
          'SELECT tenantry.transport_advance($1, $2, $3, $4, $5) AS advanced',
          [group, tenant.tenant_id, tenant.lease, progress.last, tenant_seq],
        );
        if (!answer?.advanced) return;
        progress.last = tenant_seq;
        progress.failures = 0;
      }
      if (events.length < EVENTS_PER_READ) return;
    }
  }

  private async dispatch(envelope: string): Promise<void> {
    const { handler, onMalformed } = this.options.subscriber;
    const parsed = positioned(parseEnvelopeText(envelope));
    await this.handling.run(() =>
      parsed.ok ? handler(parsed.envelope) : onMalformed(parsed.reason, envelope),
    );
  }

  private async renew(tenant: ClaimedTenant): Promise<boolean> {
    const [answer] = await this.sql.query<{ renewed: boolean }>(
      'SELECT tenantry.transport_renew($1, $2, $3, $4) AS renewed',
      [this.options.subscriber.group, tenant.tenant_id, tenant.lease, this.options.leaseMs],
    );
    return answer?.renewed ?? false;
  }

  private async release(tenant: ClaimedTenant, retryMs: number | null): Promise<void> {
    await this.sql.query('SELECT tenantry.transport_release($1, $2, $3, $4)', [
      this.options.subscriber.group,
      tenant.tenant_id,
      tenant.lease,
      retryMs,
    ]);
  }
}
