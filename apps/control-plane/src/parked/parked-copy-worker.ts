import type { OutboundMessage } from '@tenantry/messaging';
import { WorkLoop } from '@tenantry/messaging';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BUS, type Bus } from '../bus/bus.js';
import { managerExecutor } from '../database/manager-executor.js';
import { ParkedCopyStore, type DueCopy } from './parked-copy.store.js';

/** Of a header, in characters: brokers have bounds of their own. */
const MAX_HEADER_LENGTH = 2000;

/** Copies parked facts to the topic for people and alerts, at least once; any number of replicas. */
@Injectable()
export class ParkedCopyWorker {
  private readonly logger = new Logger(ParkedCopyWorker.name);
  private readonly loop: WorkLoop;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    private readonly dataSource: DataSource,
    private readonly copies: ParkedCopyStore,
  ) {
    this.loop = new WorkLoop({
      step: () => this.step(),
      minPauseMs: 500,
      maxPauseMs: 5000,
      onError: (error) => this.logger.warn({ msg: 'could not copy parked facts', err: error }),
    });
  }

  start(): void {
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  private async step(): Promise<boolean> {
    // Each a statement of its own: nobody has to hear of a commit, least of all when there is nothing to copy.
    const tx = { sql: managerExecutor(this.dataSource.manager) };
    const due = await this.copies.claimTx(tx);
    if (due.length === 0) return false;
    await this.bus.transport.publish(due.map(toMessage));
    await this.copies.doneTx(tx, due);
    return true;
  }
}

/** The event as it was published, as far as it is known, with what went wrong in headers. */
function toMessage(copy: DueCopy): OutboundMessage {
  const { id, participant, group, attempts, error, envelope } = copy;
  return {
    channel: 'parked',
    envelope,
    headers: {
      'tenantry-parked-id': id,
      'tenantry-participant': participant,
      'tenantry-group': group,
      'tenantry-attempts': String(attempts),
      'tenantry-error': error.slice(0, MAX_HEADER_LENGTH).toWellFormed(),
    },
  };
}
