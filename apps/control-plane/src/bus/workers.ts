import { backoffMs } from '@tenantry/kernel';
import { Relay, type Subscription } from '@tenantry/messaging';
import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { AcknowledgementReceiver } from '../acknowledgements/acknowledgement.receiver.js';
import { CommitSignal } from '../database/commit-signal.js';
import { ParticipantReadModel } from '../participants/participant.read-model.js';
import { ParticipantsChanged } from '../participants/participants-changed.js';
import { ReconcileWorker } from '../reconciling/reconcile-worker.js';
import { BUS, type Bus } from './bus.js';

export const SWEEP_INTERVAL_MS = Symbol('SWEEP_INTERVAL_MS');

const CONNECT_BACKOFF = { baseMs: 250, maxMs: 5000 };

/**
 * The control plane's workers: reconciler, relay and acknowledgement consumer. The reconciler needs only the database;
 * the other two wait in the background until the broker is there, and the API answers meanwhile.
 */
@Injectable()
export class Workers implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly relay: Relay;
  private readonly stopping = new AbortController();
  private connecting: Promise<void> | undefined;
  private acknowledgements: Subscription | undefined;
  private relaying = false;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    @Inject(SWEEP_INTERVAL_MS) private readonly sweepIntervalMs: number,
    private readonly reconciler: ReconcileWorker,
    private readonly receiver: AcknowledgementReceiver,
    private readonly participants: ParticipantReadModel,
    committed: CommitSignal,
    changed: ParticipantsChanged,
  ) {
    this.relay = new Relay(bus);
    committed.onCommit(() => this.relay.wake());
    changed.onChange(() => this.reconnect());
  }

  onApplicationBootstrap(): void {
    this.reconciler.start(this.sweepIntervalMs);
    this.connecting = this.connect();
  }

  /** Finishes what is running and hands back the rest: leases are released, so another replica goes on at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.connecting;
    await Promise.all([
      this.acknowledgements?.stop(),
      this.reconciler.stop(),
      this.relaying && this.relay.stop(),
    ]);
    await this.bus.transport.close();
    await this.bus.pool.end();
  }

  /** Prepares the channels of a participant that was declared just now; running subscriptions find it by themselves. */
  private reconnect(): void {
    const { connecting = Promise.resolve() } = this;
    this.connecting = connecting.then(() => this.tryOnce('prepare channels', () => this.prepare()));
  }

  private async connect(): Promise<void> {
    await this.persist('prepare topics', () => this.bus.transport.prepare([]));
    if (this.stopping.signal.aborted) return;
    this.relay.start();
    this.relaying = true;
    // One participant's channel that can't be prepared must not keep the others from being heard.
    await this.tryOnce('prepare channels', () => this.prepare());
    await this.persist('consume acknowledgements', () => this.consume());
  }

  private async prepare(): Promise<void> {
    await this.bus.transport.prepare(await this.participants.names());
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

  private async tryOnce(what: string, work: () => Promise<void>): Promise<void> {
    await work().catch((err: unknown) =>
      this.bus.logger.error({ err, what }, 'a channel cannot be prepared'),
    );
  }

  /** Tries until it works or the process stops. */
  private async persist(what: string, work: () => Promise<void>): Promise<void> {
    const { signal } = this.stopping;
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      try {
        await work();
        return;
      } catch (err) {
        this.bus.logger.warn({ err, what, attempt }, 'the bus is not reachable yet');
        await delay(backoffMs(CONNECT_BACKOFF, attempt), undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
