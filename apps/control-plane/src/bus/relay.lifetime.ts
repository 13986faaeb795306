import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { Relay } from '@tenantry/messaging';
import { CommitSignal } from '../database/commit-signal.js';
import { BUS, type Bus } from './bus.js';
import { reach } from './reach.js';

/** Runs the relay in this process. It begins when the topics are there; until then the outbox keeps what is to be sent. */
@Injectable()
export class RelayLifetime implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly relay: Relay;
  private readonly stopping = new AbortController();
  private connecting: Promise<void> | undefined;
  private relaying = false;

  constructor(
    @Inject(BUS) private readonly bus: Bus,
    committed: CommitSignal,
  ) {
    this.relay = new Relay(bus);
    committed.onCommit(() => this.relay.wake());
  }

  onApplicationBootstrap(): void {
    this.connecting = this.connect();
  }

  /** Finishes the batches that are being sent and gives the shards back, so that another replica goes on at once. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping.abort();
    await this.connecting;
    if (this.relaying) await this.relay.stop();
  }

  private async connect(): Promise<void> {
    const { logger, transport } = this.bus;
    await reach(logger, this.stopping.signal, 'prepare topics', () => transport.prepare([]));
    if (this.stopping.signal.aborted) return;
    this.relay.start();
    this.relaying = true;
  }
}
