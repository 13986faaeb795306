import type { Client, PoolClient } from 'pg';
import { ConnectionGroup, type LoginClass, type PooledConnection } from './connection-group.js';
import { PoolMetrics } from './pool-metrics.js';
import { type PoolLimits, poolLimits } from './pool-limits.js';
import { PoolTimeout } from './pool-timeout.js';

/** Who wants a connection, and to where. */
export interface ConnectionWanted {
  readonly tenantId: string;
  readonly cluster: string;
  readonly loginClass: LoginClass;
  /** Names database and login: connections of the same name are interchangeable. */
  readonly login: string;
  /** Opens one more; it is connected when this resolves. */
  readonly open: () => Promise<Client>;
}

export interface ConnectionPoolsOptions {
  readonly limits?: Partial<PoolLimits> | undefined;
  /** How long a connection may be idle before it is closed, in milliseconds. Default: 10 000. */
  readonly idleMs?: number;
  /** After which age a connection is closed when it is given back, so that rotated credentials get used. Default: 1 800 000. */
  readonly maxAgeMs?: number;
  /** Called when an idle connection is lost; the pools go on with others. */
  readonly onLost: (error: Error) => void;
}

interface Waiter {
  readonly wanted: ConnectionWanted;
  readonly group: ConnectionGroup;
  readonly since: number;
  readonly resolve: (client: PoolClient) => void;
  readonly reject: (error: unknown) => void;
  timer?: NodeJS.Timeout;
}

/** How long the goodbye of a connection keeps its place, in milliseconds: the other end may have vanished. */
const GOODBYE_MS = 1000;

/**
 * Every connection by which a process serves, bounded in each direction: for each cluster and class of logins, for each tenant,
 * and in sum. A login has connections only while it uses them: when there is no room, the one that has been idle for longest
 * goes, whoever's it is. Waiting is in the order of asking, but for those whose tenant has its share already.
 */
export class ConnectionPools {
  private readonly limits: PoolLimits;
  private readonly idleMs: number;
  private readonly maxAgeMs: number;
  private readonly groups = new Map<string, ConnectionGroup>();
  private readonly waiting = new Set<Waiter>();
  private readonly usedBy = new Map<string, number>();
  private readonly metrics: PoolMetrics;
  private open = 0;
  private idleTimer: NodeJS.Timeout | undefined;
  private ending: { readonly done: Promise<void>; readonly resolve: () => void } | undefined;

  constructor(private readonly options: ConnectionPoolsOptions) {
    this.limits = poolLimits(options.limits);
    this.idleMs = options.idleMs ?? 10_000;
    this.maxAgeMs = options.maxAgeMs ?? 1_800_000;
    this.metrics = new PoolMetrics(
      () => this.groups.values(),
      (group) => [...this.waiting].filter((waiter) => waiter.group === group).length,
    );
  }

  /** How many connections there are, those that are being opened or closed included. */
  get size(): number {
    return this.open;
  }

  /**
   * A connection of this login, which the borrower releases.
   *
   * @throws PoolTimeout when none became free in time; whatever opening one throws.
   */
  borrow(wanted: ConnectionWanted): Promise<PoolClient> {
    if (this.ending) return Promise.reject(new Error('The connections are closed.'));
    return new Promise((resolve, reject) => {
      const group = this.groupOf(wanted);
      const waiter: Waiter = { wanted, group, since: performance.now(), resolve, reject };
      if (this.serve(waiter)) return;
      waiter.timer = setTimeout(() => this.giveUp(waiter), this.limits.waitMs);
      this.waiting.add(waiter);
    });
  }

  /** Closes what is idle and waits for the rest to be given back. */
  end(): Promise<void> {
    if (this.ending) return this.ending.done;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.ending = { done, resolve };
    this.metrics.stop();
    clearTimeout(this.idleTimer);
    for (const waiter of this.waiting) this.dismiss(waiter, new Error('The connections are closed.'));
    this.closeIdle(Number.POSITIVE_INFINITY);
    if (this.open === 0) resolve();
    return done;
  }

  private groupOf({ cluster, loginClass }: ConnectionWanted): ConnectionGroup {
    const key = `${loginClass} ${cluster}`;
    let group = this.groups.get(key);
    if (!group) {
      group = new ConnectionGroup(cluster, loginClass, this.limits[loginClass]);
      this.groups.set(key, group);
      this.metrics.begin(group);
    }
    return group;
  }

  /** @returns whether the waiter has, or is about to have, a connection. */
  private serve(waiter: Waiter): boolean {
    const { wanted, group } = waiter;
    const used = this.usedBy.get(wanted.tenantId) ?? 0;
    if (used >= this.limits.perTenant) return false;
    const idle = group.take(wanted.login);
    if (idle) {
      this.usedBy.set(wanted.tenantId, used + 1);
      this.lend(idle, waiter);
      return true;
    }
    const room = group.open < group.max && this.open < this.limits.total;
    const victim = room ? undefined : this.leastRecent(group);
    if (!room && !victim) return false;
    this.usedBy.set(wanted.tenantId, used + 1);
    void this.openFor(waiter, victim);
    return true;
  }

  /** Of the group when that is full; of all when the process is. */
  private leastRecent(group: ConnectionGroup): PooledConnection | undefined {
    if (group.open >= group.max) return group.leastRecent;
    const candidates = [...this.groups.values()].flatMap(({ leastRecent }) => leastRecent ?? []);
    return candidates.toSorted((left, right) => left.idleSince - right.idleSince)[0];
  }

  /** Opens a connection in the place of the victim, if there is one, whose goodbye is waited for: there is never one too many. */
  private async openFor(waiter: Waiter, victim: PooledConnection | undefined): Promise<void> {
    const { wanted, group } = waiter;
    group.open += 1;
    if (victim) {
      victim.group.remove(victim);
      victim.group.open -= 1;
      this.metrics.countEviction(victim.group);
      await goodbye(victim);
    } else {
      this.open += 1;
    }
    try {
      const client = await wanted.open();
      this.lend(this.adopted(client, wanted.login, group), waiter);
    } catch (error) {
      this.giveBackUse(wanted.tenantId);
      this.free(group);
      waiter.reject(error);
    }
  }

  private adopted(client: Client, login: string, group: ConnectionGroup): PooledConnection {
    const now = performance.now();
    const connection: PooledConnection = { client, login, group, openedAt: now, idleSince: now, alive: true };
    // Unheard, the loss of a connection would end the process. A borrower hears of it by itself.
    client.on('error', (error) => {
      connection.alive = false;
      if (!group.remove(connection)) return;
      this.options.onLost(error);
      void this.close(connection);
    });
    return connection;
  }

  private lend(connection: PooledConnection, { wanted, group, since, resolve }: Waiter): void {
    this.metrics.noteWait(group, performance.now() - since);
    let lent = true;
    const release = (broken?: Error | boolean): void => {
      if (!lent) throw new Error('This connection was given back already.');
      lent = false;
      this.giveBack(connection, wanted.tenantId, Boolean(broken));
    };
    resolve(Object.assign(connection.client, { release }));
  }

  private giveBack(connection: PooledConnection, tenantId: string, broken: boolean): void {
    const now = performance.now();
    const worn = now - connection.openedAt > this.maxAgeMs;
    this.giveBackUse(tenantId);
    if (broken || worn || !connection.alive || this.ending) {
      void this.close(connection);
    } else {
      connection.idleSince = now;
      connection.group.put(connection);
      this.idleTimer ??= this.closeIdleLater();
    }
    this.serveWaiting();
  }

  private giveBackUse(tenantId: string): void {
    const used = (this.usedBy.get(tenantId) ?? 1) - 1;
    if (used === 0) this.usedBy.delete(tenantId);
    else this.usedBy.set(tenantId, used);
  }

  private async close(connection: PooledConnection): Promise<void> {
    await goodbye(connection);
    this.free(connection.group);
  }

  private free(group: ConnectionGroup): void {
    group.open -= 1;
    this.open -= 1;
    this.serveWaiting();
    if (this.open === 0) this.ending?.resolve();
  }

  private serveWaiting(): void {
    for (const waiter of this.waiting) {
      if (!this.serve(waiter)) continue;
      clearTimeout(waiter.timer);
      this.waiting.delete(waiter);
    }
  }

  private giveUp(waiter: Waiter): void {
    this.metrics.countTimeout(waiter.group);
    this.metrics.noteWait(waiter.group, performance.now() - waiter.since);
    this.dismiss(waiter, new PoolTimeout(waiter.group.cluster, this.limits.waitMs));
  }

  private dismiss(waiter: Waiter, error: Error): void {
    clearTimeout(waiter.timer);
    this.waiting.delete(waiter);
    waiter.reject(error);
  }

  private closeIdleLater(): NodeJS.Timeout {
    return setTimeout(() => {
      this.idleTimer = undefined;
      this.closeIdle(performance.now() - this.idleMs);
      if ([...this.groups.values()].some(({ idleCount }) => idleCount > 0))
        this.idleTimer = this.closeIdleLater();
    }, this.idleMs / 2).unref();
  }

  private closeIdle(before: number): void {
    for (const group of this.groups.values())
      for (const connection of group.idleSince(before)) {
        group.remove(connection);
        void this.close(connection);
      }
  }
}

/** Never rejects, and ends in bounded time. */
async function goodbye({ client }: PooledConnection): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, GOODBYE_MS);
  await Promise.race([client.end().catch(() => undefined), late]);
  clearTimeout(timer);
}
