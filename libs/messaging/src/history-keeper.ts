import { pgExecutor, type SqlExecutor } from '@tenantry/database';
import type { Pool } from 'pg';
import { inTransaction } from './consumer/transaction.js';
import type { Logger } from './logger.js';
import { PEER_PATIENCE_MS, settledWithin } from './settled-within.js';
import { WorkLoop } from './work-loop.js';

/** A month of the event history. */
export interface HistoryMonth {
  /** Of its partition, e.g. `tenant_event_2026_11`. */
  readonly name: string;
  readonly startsAt: Date;
  /** The first moment that is not in it. */
  readonly endsAt: Date;
}

/** Says in words what still needs a month, or nothing; asked in the transaction that would drop it. */
export type HistoryGuard = (sql: SqlExecutor, month: HistoryMonth) => Promise<string | undefined>;

export interface HistoryKeeperOptions {
  /** Of a login with `tenantry_control`. */
  readonly pool: Pool;
  readonly logger: Logger;
  /** For how long events are kept after the end of their month, in milliseconds. Default: for ever. */
  readonly keepMs?: number | undefined;
  /** How many months after this one are there before they begin. Default 3. */
  readonly monthsAhead?: number;
  /** Between two looks, in milliseconds. Default an hour. */
  readonly intervalMs?: number;
  /** What needs a month beside the outbox, the embedded transport's groups and the state records, which are always asked. */
  readonly guards?: readonly HistoryGuard[];
}

/**
 * Makes the event history's months before they begin and drops those that are old and that nothing needs, on any number of
 * replicas. A month that was not made in time loses nothing: its events wait in the default partition until it is.
 */
export class HistoryKeeper {
  private readonly sql: SqlExecutor;
  private readonly loop: WorkLoop;
  /** Why each old month is still there, as it was last logged. */
  private readonly kept = new Map<string, string>();

  constructor(private readonly options: HistoryKeeperOptions) {
    const { pool, logger, intervalMs = 3_600_000 } = options;
    this.sql = pgExecutor(pool);
    this.loop = new WorkLoop({
      step: () => this.keep(),
      minPauseMs: intervalMs,
      maxPauseMs: intervalMs,
      onError: (err) => {
        // Another replica is at it, or a long reader is in the way: it is tried again soon, and nothing waits for it.
        if (isLockTimeout(err))
          logger.debug({ err }, 'the event history is being read or looked after elsewhere');
        else logger.warn({ err }, 'the event history cannot be looked after');
      },
    });
  }

  start(): void {
    this.loop.start();
  }

  /** Ends the look that runs, as far as the database answers. */
  async stop(): Promise<void> {
    await settledWithin([this.loop.stop()], PEER_PATIENCE_MS);
  }

  private async keep(): Promise<boolean> {
    await this.makeMonths();
    if (this.options.keepMs !== undefined) await this.dropOldMonths(this.options.keepMs);
    return false;
  }

  private async makeMonths(): Promise<void> {
    const { logger, monthsAhead = 3 } = this.options;
    const made = await inTurn(this.options.pool, (sql) =>
      sql.query<{ month: string }>('SELECT month FROM tenantry.make_history_months($1) AS month', [
        monthsAhead,
      ]),
    );
    for (const { month } of made) logger.info({ month }, 'a month of the event history was made');
  }

  private async dropOldMonths(keepMs: number): Promise<void> {
    const { logger } = this.options;
    for (const month of await this.oldMonths(keepMs)) {
      const keeper = await this.drop(month, keepMs);
      if (keeper === undefined) {
        this.kept.delete(month.name);
        logger.info({ month: month.name }, 'a month of the event history was dropped');
      } else if (this.kept.get(month.name) !== keeper) {
        this.kept.set(month.name, keeper);
        logger.warn({ month: month.name, keeper }, 'an old month of the event history is still needed');
      }
    }
  }

  private oldMonths(keepMs: number): Promise<HistoryMonth[]> {
    return this.sql.query<HistoryMonth>(
      `SELECT name, starts_at AS "startsAt", ends_at AS "endsAt" FROM tenantry.history_months()
       WHERE ends_at <= tenantry.now() - $1 * interval '1 millisecond' ORDER BY starts_at`,
      [keepMs],
    );
  }

  /** @returns what needs it; undefined when it is gone. */
  private async drop(month: HistoryMonth, keepMs: number): Promise<string | undefined> {
    try {
      return await inTurn(this.options.pool, async (sql) => {
        for (const guard of this.options.guards ?? []) {
          const keeper = await guard(sql, month);
          if (keeper !== undefined) return keeper;
        }
        const [answer] = await sql.query<{ keeper: string | null }>(
          'SELECT tenantry.drop_history_month($1, $2) AS keeper',
          [month.name, keepMs],
        );
        return answer?.keeper ?? undefined;
      });
    } catch (error) {
      if (isLockTimeout(error)) return 'it is being read or written';
      throw error;
    }
  }
}

/** Runs `work` in a transaction of its own while no other replica looks after the history. */
function inTurn<T>(pool: Pool, work: (sql: SqlExecutor) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (sql) => {
    await sql.query('SELECT tenantry.take_history_turn()');
    return work(sql);
  });
}

/** A lock was not had in time, or two transactions waited for each other. */
function isLockTimeout(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === '55P03' || error.code === '40P01');
}
