import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Subscription } from '@tenantry/messaging';
import { AcknowledgementReceiver } from '../acknowledgements/acknowledgement.receiver.js';
import { BacklogWorker } from '../participants/backlog-worker.js';
import { ParticipantReadModel } from '../participants/participant.read-model.js';
import { ParticipantsChanged } from '../participants/participants-changed.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { ParkedCopyWorker } from '../parked/parked-copy-worker.js';
import { RecoveryReminderWorker } from '../parked/recovery-reminder-worker.js';
import { BUS, type Bus } from './bus.js';
import { reach } from './reach.js';

export const SWEEP_INTERVAL_MS = Symbol('SWEEP_INTERVAL_MS');

/**
 * The workers that need no relay beside them: reconciler, backlogs and acknowledgement consumer. The first two need only the
 * database; the consumer waits in the background until the broker is there, and the API answers meanwhile.
 */
@Injectable()
export class Workers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly stopping = new AbortController();
  private connecting: Promise<void> | undefined;
  private acknowledgements: Subscription | undefined;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(SWEEP_INTERVAL_MS) private readonly sweepIntervalMs: number,
    private readonly reconciler: ReconcileWorker,
    private readonly backlogs: BacklogWorker,
    private readonly receiver: AcknowledgementReceiver,
    private readonly participants: ParticipantReadModel,
    private readonly reminder: RecoveryReminderWorker,
    private readonly copies: ParkedCopyWorker,
    changed: ParticipantsChanged,
  ) {
    changed.onChange(() => this.reconnect());
  }

  onApplicationBootstrap(): void {
    this.reconciler.start(this.sweepIntervalMs);
    this.backlogs.start();
    this.reminder.start();
    this.copies.start();
    this.connecting = this.connect();
  }

  /** Finishes what is running and hands back the rest: leases are released, so another replica goes on at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.connecting;
    await Promise.all([
      this.acknowledgements?.stop(),
      this.reconciler.stop(),
      this.backlogs.stop(),
      this.reminder.stop(),
      this.copies.stop(),
    ]);
  }

  /** Prepares the channels of a participant that was declared just now; running subscriptions find it by themselves. */
  private reconnect(): void {
    const { connecting = Promise.resolve() } = this;
    this.connecting = connecting.then(() => this.prepareOnce());
  }

  private async connect(): Promise<void> {
    const { transport } = this.bus;
    const { signal } = this.stopping;
    await reach(this.bus, signal, 'prepare topics', () => transport.prepare([]));
    if (signal.aborted) return;
    // One participant's channel that can't be prepared must not keep the others from being heard.
    await this.prepareOnce();
    await reach(this.bus, signal, 'consume acknowledgements', () => this.consume());
  }

  private async prepareOnce(): Promise<void> {
    const { logger, transport } = this.bus;
    try {
      await transport.prepare(await this.participants.names());
    } catch (err) {
      logger.error({ err, what: 'prepare channels' }, 'a channel cannot be prepared');
    }
  }

  private async consume(): Promise<void> {
    const subscription = await this.bus.transport.consumeAcknowledgements({
      participants: () => this.participants.names(),
      handler: (participant, message) => this.receiver.handle(participant, message),
      onMalformed: (participant, reason, raw) => this.receiver.onMalformed(participant, reason, raw),
    });
    this.acknowledgements = subscription;
    subscription.failed.catch((err: unknown) => {
      this.bus.logger.error(
        { err },
        'acknowledgements cannot be consumed any more; the process ends to be started anew',
      );
      process.exit(1);
    });
  }
}
