import type { SqlExecutor } from '@tenantry/database';
import { crashPoint } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
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
}

/** Runs work in one transaction: everything it writes commits together, with the answer of an idempotent request. */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly dataSource: DataSource,
    private readonly committed: CommitSignal,
    private readonly idempotency: IdempotencyCompletion,
  ) {}

  /** Commits what `work` wrote, then tells the relay and the reconciler of this process that there may be something to do. */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const result = await this.dataSource.transaction('READ COMMITTED', async (manager) => {
      const sql = managerExecutor(manager);
      const [clock] = await sql.query<{ now: Date }>('SELECT tenantry.now() AS now');
      if (!clock) throw new Error('the database did not tell its time');
      const outcome = await work({ manager, sql, now: clock.now });
      await this.idempotency.completeTx(manager, outcome);
      crashPoint('unit-of-work.before-commit');
      return outcome;
    });
    crashPoint('unit-of-work.after-commit');
    this.committed.emit();
    return result;
  }
}
