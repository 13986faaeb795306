import type { SqlExecutor } from '@tenantry/database';
import { crashPoint } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { currentDryRun, type DryRun } from '../dry-run/dry-run.js';
import type { DryRunNotes } from '../dry-run/dry-run-notes.js';
import { CommitSignal } from './commit-signal.js';
import { managerExecutor } from './manager-executor.js';
import { IdempotencyCompletion } from './idempotency-completion.js';

/** One database transaction, with the database's own clock. */
export interface Tx {
  readonly manager: EntityManager;
  /** The same transaction, for libraries that know no ORM. */
  readonly sql: SqlExecutor;
  /** `tenantry.now()` of this transaction: the only clock that deadlines are compared with. */
  readonly now: Date;
  /** Has `effect` done when this transaction has committed, and only then: for what is counted, which a crash may lose. */
  readonly afterCommit: (effect: () => void) => void;
  /** There in a dry run, which takes down here what only the code that does it knows. */
  readonly dryRun?: DryRunNotes;
}

/** Runs work in one transaction: everything it writes commits together, with the answer of an idempotent request. */
@Injectable()
export class UnitOfWork {
  private readonly lookers: ((tx: Tx) => Promise<void>)[] = [];

  constructor(
    private readonly dataSource: DataSource,
    private readonly committed: CommitSignal,
    private readonly idempotency: IdempotencyCompletion,
  ) {}

  /**
   * Commits what `work` wrote, then tells the relay and the reconciler of this process that there may be something to do.
   * In a dry run it commits nothing and tells nobody.
   */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const dryRun = currentDryRun();
    if (dryRun) return this.rehearse(dryRun, work);
    const effects: (() => void)[] = [];
    const result = await this.dataSource.transaction('READ COMMITTED', async (manager) => {
      const outcome = await work(await openTx(manager, effects));
      await this.idempotency.completeTx(manager, outcome);
      crashPoint('unit-of-work.before-commit');
      return outcome;
    });
    crashPoint('unit-of-work.after-commit');
    this.committed.emit();
    for (const effect of effects) effect();
    return result;
  }

  /** Lets `look` see what the unit of work of a dry run has written, and take down in its notes what follows from it. */
  beforeRollback(look: (tx: Tx) => Promise<void>): void {
    this.lookers.push(look);
  }

  /** Does all of it, what is checked at the commit included, and rolls it back. */
  private rehearse<T>(dryRun: DryRun, work: (tx: Tx) => Promise<T>): Promise<T> {
    return dryRun.unit(async (notes) => {
      const rehearsed = new Rehearsed<T>();
      try {
        await this.dataSource.transaction('READ COMMITTED', async (manager) => {
          const tx = { ...(await openTx(manager, [])), dryRun: notes };
          rehearsed.outcome = await work(tx);
          await manager.query('SET CONSTRAINTS ALL IMMEDIATE');
          for (const look of this.lookers) await look(tx);
          throw rehearsed;
        });
      } catch (error) {
        if (error !== rehearsed) throw error;
      }
      return rehearsed.outcome as T;
    });
  }
}

/** Ends the transaction of a dry run: only an error rolls one back. */
class Rehearsed<T> extends Error {
  outcome?: T;
}

async function openTx(manager: EntityManager, effects: (() => void)[]): Promise<Tx> {
  const sql = managerExecutor(manager);
  const [clock] = await sql.query<{ now: Date }>('SELECT tenantry.now() AS now');
  if (!clock) throw new Error('the database did not tell its time');
  return { manager, sql, now: clock.now, afterCommit: (effect) => void effects.push(effect) };
}
