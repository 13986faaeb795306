import { WorkLoop } from '@tenantry/messaging';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { managerExecutor } from '../database/manager-executor.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { BacklogStore } from './backlog.store.js';
import { ParticipantsChanged } from './participants-changed.js';
import { RecallStore } from './recall.store.js';

/** How many tenants of one participant's backlog may be unanswered at a time. */
export const BACKFILL_CONCURRENCY = Symbol('BACKFILL_CONCURRENCY');

/**
 * Works off what participants give rise to: the backlog of one that came late, and the tenants that wait for one that is heard from again.
 * Any number of replicas; each step is one short transaction under the participant's row lock, and starts from what the row says.
 */
@Injectable()
export class BacklogWorker {
  private readonly logger = new Logger(BacklogWorker.name);
  private readonly loop: WorkLoop;

  constructor(
    private readonly dataSource: DataSource,
    private readonly unitOfWork: UnitOfWork,
    private readonly backlogs: BacklogStore,
    private readonly recalls: RecallStore,
    @Inject(BACKFILL_CONCURRENCY) private readonly concurrency: number,
    changed: ParticipantsChanged,
  ) {
    this.loop = new WorkLoop({
      step: () => this.step(),
      minPauseMs: 50,
      maxPauseMs: 1000,
      onError: (error) => this.logger.warn({ msg: 'could not work off a backlog', err: error }),
    });
    changed.onChange(() => this.loop.wake());
  }

  start(): void {
    this.loop.start();
  }

  /** Ends after the step that runs; another replica goes on at once. */
  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** A step for each participant that has something left. @returns whether anything moved. */
  async step(): Promise<boolean> {
    const read = { sql: managerExecutor(this.dataSource.manager) };
    let moved = false;
    for (const name of await this.recalls.dueTx(read))
      moved = (await this.unitOfWork.run((tx) => this.recalls.stepTx(tx, name))) || moved;
    for (const name of await this.backlogs.unfinishedTx(read))
      moved = (await this.unitOfWork.run((tx) => this.backlogs.stepTx(tx, name, this.concurrency))) || moved;
    return moved;
  }
}
