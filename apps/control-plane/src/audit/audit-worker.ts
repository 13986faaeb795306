import { WorkLoop } from '@tenantry/messaging';
import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CommitSignal } from '../database/commit-signal.js';
import { managerExecutor } from '../database/manager-executor.js';
import { AuditCheckpointer } from './audit-checkpointer.js';
import { AuditLogStore } from './audit-log.store.js';
import { AuditSequencer } from './audit-sequencer.js';
import { CheckpointFile } from './checkpoint-file.js';
import { CheckpointStore } from './checkpoint.store.js';

export interface AuditWorkerOptions {
  /** At most one checkpoint in this time, in milliseconds. */
  readonly checkpointIntervalMs: number;
  /** Where checkpoints are appended outside of the database; unset: nowhere. */
  readonly checkpointFile?: string | undefined;
}

export const AUDIT_WORKER_OPTIONS = Symbol('AUDIT_WORKER_OPTIONS');

/** Sequences the audit log and signs its checkpoints, on any number of replicas. */
@Injectable()
export class AuditWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(AuditWorker.name);
  private readonly loops: readonly WorkLoop[];
  private readonly file: CheckpointFile | undefined;
  /** The size of the newest checkpoint that is known to be in the file. */
  private kept = -1;

  constructor(
    private readonly dataSource: DataSource,
    private readonly log: AuditLogStore,
    private readonly checkpoints: CheckpointStore,
    private readonly sequencer: AuditSequencer,
    private readonly checkpointer: AuditCheckpointer,
    @Inject(AUDIT_WORKER_OPTIONS) private readonly options: AuditWorkerOptions,
    committed: CommitSignal,
  ) {
    this.file = options.checkpointFile === undefined ? undefined : new CheckpointFile(options.checkpointFile);
    const sequencing = this.loop('could not sequence the audit log', () => this.sequence());
    this.loops = [sequencing, this.loop('could not sign a checkpoint', () => this.checkpoint())];
    committed.onCommit(() => sequencing.wake());
  }

  onApplicationBootstrap(): void {
    for (const loop of this.loops) loop.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  private loop(problem: string, step: () => Promise<boolean>): WorkLoop {
    return new WorkLoop({
      step,
      minPauseMs: 50,
      maxPauseMs: 1000,
      onError: (error) => this.logger.error({ msg: problem, err: error }),
    });
  }

  private async sequence(): Promise<boolean> {
    // Looked at before a transaction is opened, whose commit would wake this loop again.
    if (!(await this.log.hasPending(managerExecutor(this.dataSource.manager)))) return false;
    return (await this.sequencer.step()) > 0;
  }

  private async checkpoint(): Promise<boolean> {
    const sql = managerExecutor(this.dataSource.manager);
    const { checkpointIntervalMs } = this.options;
    if (await this.checkpoints.isDue(sql, checkpointIntervalMs)) {
      await this.checkpointer.sign(checkpointIntervalMs, await this.file?.newest());
    }
    await this.keep();
    return false;
  }

  /** Brings the file up to the newest checkpoint, whichever replica signed it. */
  private async keep(): Promise<void> {
    if (!this.file) return;
    const newest = await this.checkpoints.newest(managerExecutor(this.dataSource.manager));
    if (!newest || newest.size === this.kept) return;
    const last = await this.file.newest();
    // A file that is ahead is the only thing that knows what the database has lost: it is left as it is.
    if (!last || last.size < newest.size) await this.file.append(newest.note);
    this.kept = newest.size;
  }
}
