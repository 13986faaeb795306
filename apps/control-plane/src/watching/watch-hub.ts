import { WorkLoop } from '@tenantry/messaging';
import { Drain, NotReady } from '@tenantry/service';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { setTimeout as pause } from 'node:timers/promises';
import { CommitSignal } from '../database/commit-signal.js';
import { ExplanationReadModel } from '../explaining/explanation.read-model.js';
import { TenantNotFound } from '../tenants/tenant.errors.js';
import { FingerprintReadModel, type Fingerprint } from './fingerprint.read-model.js';
import { TooManyWatchers } from './watch.errors.js';
import { WATCH_SETTINGS, type WatchSettings } from './watch-settings.js';
import { toWatched, type WatchedExplanation } from './watched-explanation.js';
import type { Watcher } from './watcher.js';

/** What is known of one tenant that somebody watches. */
interface Watched {
  readonly watchers: Set<Watcher>;
  fingerprint?: string;
  changesAt?: Date | null;
}

/** How many tenants are explained at a time: the pool is the API's. */
const CONCURRENCY = 3;

/**
 * Tells watchers when their tenants' explanations change. A commit in this process is seen at once; others by a poll, which
 * asks one question for all watched tenants together, and explains only those of which something has changed.
 */
@Injectable()
export class WatchHub implements OnModuleDestroy {
  private readonly logger = new Logger(WatchHub.name);
  private readonly tenants = new Map<string, Watched>();
  private readonly loop: WorkLoop;
  /** Places that are taken, also by those who are not streaming yet. */
  private taken = 0;
  private readonly takenBy = new Map<string, number>();

  constructor(
    private readonly explanations: ExplanationReadModel,
    private readonly fingerprints: FingerprintReadModel,
    @Inject(WATCH_SETTINGS) private readonly settings: WatchSettings,
    private readonly drain: Drain,
    committed: CommitSignal,
  ) {
    this.loop = new WorkLoop({
      step: () => this.look(),
      minPauseMs: settings.pollMs,
      maxPauseMs: settings.pollMs,
      onError: (error) =>
        this.logger.warn({ msg: 'could not look for changes of watched tenants', err: error }),
    });
    committed.onCommit(() => {
      if (this.tenants.size > 0) this.loop.wake();
    });
    drain.onBegin(() => this.endAll());
  }

  /** Ends every stream: the server waits for them. */
  async onModuleDestroy(): Promise<void> {
    this.endAll();
    await this.loop.stop();
  }

  /**
   * Takes a place and explains the tenant as it is; {@link leave} gives the place back. Nobody gets more than half of the places.
   * @param actor who watches.
   * @throws TooManyWatchers, TenantNotFound, NotReady when the process is leaving.
   */
  async enter(tenantId: string, actor: string): Promise<WatchedExplanation> {
    if (this.drain.draining) throw new NotReady('This process is shutting down.');
    if (this.taken >= this.settings.maxWatchers) throw new TooManyWatchers(this.settings.maxWatchers);
    const { maxWatchers } = this.settings;
    const own = this.takenBy.get(actor) ?? 0;
    if (own >= Math.max(1, Math.floor(maxWatchers / 2))) throw new TooManyWatchers(own, 'you');
    this.taken += 1;
    this.takenBy.set(actor, own + 1);
    try {
      const explained = await this.explanations.of(tenantId);
      if (!explained) throw new TenantNotFound();
      return toWatched(explained);
    } catch (error) {
      this.leave(actor);
      throw error;
    }
  }

  leave(actor: string): void {
    this.taken -= 1;
    const left = (this.takenBy.get(actor) ?? 0) - 1;
    if (left > 0) this.takenBy.set(actor, left);
    else this.takenBy.delete(actor);
  }

  /** Has a watcher told of every change from now on. */
  add(tenantId: string, watcher: Watcher): void {
    if (this.drain.draining) return watcher.end('shutdown');
    const watched = this.tenants.get(tenantId) ?? { watchers: new Set() };
    watched.watchers.add(watcher);
    // What changed since it was explained is found by the next look.
    delete watched.fingerprint;
    this.tenants.set(tenantId, watched);
    this.loop.start();
    this.loop.wake();
  }

  remove(tenantId: string, watcher: Watcher): void {
    const watched = this.tenants.get(tenantId);
    if (watched?.watchers.delete(watcher) && watched.watchers.size === 0) this.tenants.delete(tenantId);
  }

  private endAll(): void {
    for (const { watchers } of this.tenants.values()) for (const watcher of watchers) watcher.end('shutdown');
  }

  private async look(): Promise<boolean> {
    if (this.tenants.size === 0) return false;
    const found = await this.fingerprints.of([...this.tenants.keys()]);
    const changed = found.filter((fingerprint) => this.isChanged(fingerprint));
    for (let first = 0; first < changed.length; first += CONCURRENCY)
      await Promise.all(changed.slice(first, first + CONCURRENCY).map((each) => this.tryToTell(each)));
    // Many commits in a row are one look.
    await pause(this.settings.paceMs);
    return false;
  }

  private isChanged({ tenantId, value, now }: Fingerprint): boolean {
    const watched = this.tenants.get(tenantId);
    if (!watched) return false;
    const { fingerprint, changesAt } = watched;
    return fingerprint !== value || (changesAt !== null && changesAt !== undefined && changesAt <= now);
  }

  /** One that cannot be explained is tried again at the next look, and keeps the others from nothing. */
  private async tryToTell(changed: Fingerprint): Promise<void> {
    try {
      await this.tell(changed);
    } catch (error) {
      const { tenantId } = changed;
      this.logger.warn({ msg: 'could not explain a watched tenant', tenantId, err: error });
    }
  }

  private async tell({ tenantId, value }: Fingerprint): Promise<void> {
    const explained = await this.explanations.of(tenantId);
    const watched = this.tenants.get(tenantId);
    if (!explained || !watched) return;
    const explanation = toWatched(explained);
    watched.fingerprint = value;
    watched.changesAt = explanation.changesAt;
    for (const watcher of watched.watchers) watcher.tell(explanation);
  }
}
