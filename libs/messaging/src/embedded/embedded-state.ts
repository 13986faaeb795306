import { pgExecutor, PgListener, type SqlExecutor } from '@tenantry/database';
import { isUuid } from '@tenantry/kernel';
import type { Pool } from 'pg';
import { BackgroundSubscription } from '../background-subscription.js';
import type { Logger } from '../logger.js';
import { PEER_PATIENCE_MS, settledWithin } from '../settled-within.js';
import type { ParticipantTransport } from '../transport.js';
import { WorkLoop } from '../work-loop.js';
import { readStateRecord } from './embedded-bootstrap.js';
import { isRefusedLogin } from './refused-login.js';

/** Records read at once. */
const PAGE = 500;
/** How often the database is asked for a sign of life, in milliseconds. */
const SIGN_OF_LIFE_MS = 2_000;

export interface EmbeddedStateOptions {
  readonly pool: Pool;
  readonly logger: Logger;
  readonly follower: Parameters<ParticipantTransport['followState']>[0];
  readonly pollMs: number;
  /** Everything is read again so often, in case a notification was lost. */
  readonly rescanMs: number;
}

interface StateRow {
  readonly tenant_id: string;
  readonly record: string;
}

/** Follows the state records: listens first, then reads all of them, then those that were announced. */
export class EmbeddedState {
  readonly subscription = new BackgroundSubscription(() => this.end());
  /** Resolves when everything that existed at the start was read; rejects when it never will be. */
  readonly firstPass: Promise<void>;
  private readonly sql: SqlExecutor;
  private readonly loop: WorkLoop;
  private readonly listener: PgListener;
  private readonly announced = new Set<string>();
  private nextScanAt = 0;
  private nextAskAt = 0;
  private listening = false;
  private passed: () => void = () => undefined;
  private abandoned: (error: unknown) => void = () => undefined;

  constructor(private readonly options: EmbeddedStateOptions) {
    const { pool, logger, pollMs } = options;
    this.firstPass = new Promise((resolve, reject) => {
      this.passed = resolve;
      this.abandoned = reject;
    });
    this.sql = pgExecutor(pool);
    this.loop = new WorkLoop({
      step: () => this.step(),
      minPauseMs: pollMs,
      maxPauseMs: pollMs,
      onError: (err) => this.onError(err),
    });
    this.listener = new PgListener({
      pool,
      channels: ['tenantry_state'],
      onNotification: (_channel, tenantId) => {
        // Any login of the database may notify, so what it says is checked.
        if (isUuid(tenantId)) this.announced.add(tenantId);
        this.loop.wake();
      },
      onListening: () => {
        this.listening = true;
        this.nextScanAt = 0;
        this.loop.wake();
      },
      onError: (err) => {
        this.listening = false;
        logger.warn({ err }, 'state records cannot be listened for');
      },
    });
  }

  async start(): Promise<void> {
    await this.listener.start();
    this.loop.start();
    await this.firstPass;
  }

  private async end(): Promise<void> {
    this.abandoned(
      new Error('The transport was closed before the first pass over the state records was done.'),
    );
    await settledWithin([this.listener.stop(), this.loop.stop()], PEER_PATIENCE_MS);
  }

  private onError(err: unknown): void {
    if (isRefusedLogin(err)) {
      this.abandoned(err);
      this.subscription.fail(err);
    } else this.options.logger.warn({ err }, 'state records cannot be read');
  }

  private async step(): Promise<boolean> {
    if (performance.now() >= this.nextScanAt) await this.scan();
    else if (this.announced.size > 0) await this.readAnnounced();
    else return this.askForLife();
    return true;
  }

  private async scan(): Promise<void> {
    // Set before: a connection that is lost meanwhile asks for another scan.
    this.nextScanAt = performance.now() + this.options.rescanMs;
    try {
      let after: string | null = null;
      for (;;) {
        const rows: StateRow[] = await this.sql.query<StateRow>(
          'SELECT tenant_id, record::text FROM tenantry.transport_state_page($1, $2)',
          [after, PAGE],
        );
        rows.forEach((row) => this.hand(row));
        after = rows.at(-1)?.tenant_id ?? null;
        if (rows.length < PAGE || this.subscription.signal.aborted) break;
      }
    } catch (error) {
      this.nextScanAt = 0;
      throw error;
    }
    this.passed();
    this.options.follower.onCurrent?.();
  }

  /** While the database answers and is listened to, nothing is announced that is not known. */
  private async askForLife(): Promise<false> {
    if (!this.listening || performance.now() < this.nextAskAt) return false;
    this.nextAskAt = performance.now() + SIGN_OF_LIFE_MS;
    await this.sql.query('SELECT 1');
    this.options.follower.onCurrent?.();
    return false;
  }

  private async readAnnounced(): Promise<void> {
    const tenantIds = [...this.announced].slice(0, PAGE);
    tenantIds.forEach((tenantId) => this.announced.delete(tenantId));
    try {
      const rows = await this.sql.query<StateRow>(
        'SELECT tenant_id, record::text FROM tenantry.transport_state_of($1::uuid[])',
        [tenantIds],
      );
      rows.forEach((row) => this.hand(row));
    } catch (error) {
      this.nextScanAt = 0;
      throw error;
    }
  }

  private hand({ record }: StateRow): void {
    const { handler, onMalformed } = this.options.follower;
    const check = readStateRecord(record);
    if (check.ok) handler(check.data);
    else onMalformed(check.reason, record);
  }
}
