import type { RouteRecord, StateRecord } from '@tenantry/contracts';

/** Tells the waiters of one tenant about a newer record. */
type Waiter = (record: StateRecord) => void;

/** A route that lets requests in, and the record that it came with. */
export interface ResolvedRoute {
  readonly route: RouteRecord;
  readonly record: StateRecord;
}

/**
 * A record by one of its routes that let requests in; without such a route by itself. Every request looks one up, and what is
 * scattered over a million records costs more to read than to find: so one object has all that is asked for.
 */
interface KnownTenant {
  readonly record: StateRecord;
  readonly route: RouteRecord | undefined;
  readonly store: string | undefined;
  /** The same record by its next route. */
  readonly next: KnownTenant | undefined;
}

/** Every tenant's newest known state and routes, in memory, fed by the state channel and, at the start, from a snapshot. */
export class RouteCache {
  private readonly known = new Map<string, KnownTenant>();
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly complete = Promise.withResolvers<void>();
  private completed = false;

  /** Whether everything that existed when the following began has been seen, so that "not here" means "does not exist". */
  get isComplete(): boolean {
    return this.completed;
  }

  /** How many tenants are known, purged ones too. */
  get size(): number {
    return this.known.size;
  }

  /** The newest known record of a tenant, undefined for one never heard of. */
  get(tenantId: string): StateRecord | undefined {
    return this.find(tenantId)?.record;
  }

  /** The way to a tenant's store, given that it is known and lets requests in. */
  openRoute(tenantId: string, store: string): ResolvedRoute | undefined {
    let known = this.find(tenantId);
    while (known && known.store !== store) known = known.next;
    return known as ResolvedRoute | undefined;
  }

  /** Every known record, of purged tenants too, in no particular order; it may change while it is gone through. */
  *all(): IterableIterator<StateRecord> {
    for (const { record } of this.known.values()) yield record;
  }

  /**
   * Waits until a record newer than the given one is known (any, when none is given).
   *
   * @returns that record, or undefined when the time is up.
   */
  waitForNewer(
    tenantId: string,
    than: StateRecord | undefined,
    timeoutMs: number,
  ): Promise<StateRecord | undefined> {
    const known = this.get(tenantId);
    if (known && (!than || isNewer(known, than))) return Promise.resolve(known);
    const key = tenantId.toLowerCase();
    return new Promise((resolve) => {
      const waiting = this.waiters.get(key) ?? new Set();
      this.waiters.set(key, waiting);
      const settle = (record: StateRecord | undefined): void => {
        clearTimeout(timer);
        waiting.delete(settle);
        if (waiting.size === 0 && this.waiters.get(key) === waiting) this.waiters.delete(key);
        resolve(record);
      };
      const timer = setTimeout(() => settle(undefined), timeoutMs);
      waiting.add(settle);
    });
  }

  /** Resolves when `isComplete`, however long that takes. */
  untilComplete(): Promise<void> {
    return this.complete.promise;
  }

  /** Resolves when `isComplete`, or when the time is up. */
  async whenComplete(timeoutMs: number): Promise<void> {
    if (this.completed) return;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs);
    });
    await Promise.race([this.complete.promise, timeout]);
    clearTimeout(timer);
  }

  /**
   * Takes a record in, unless it is older than the known one: the channel may repeat records, and a sender that was
   * paused may bring an old one last.
   *
   * @returns whether it was newer.
   */
  apply(record: StateRecord): boolean {
    const key = record.tenantId.toLowerCase();
    const known = this.known.get(key);
    if (known && !isNewer(record, known.record)) return false;
    this.known.set(key, knownBy(record));
    for (const waiter of [...(this.waiters.get(key) ?? [])]) waiter(record);
    return true;
  }

  private find(tenantId: string): KnownTenant | undefined {
    // Ids are written in lower case everywhere; only one that is not found may have come otherwise.
    return this.known.get(tenantId) ?? this.known.get(tenantId.toLowerCase());
  }

  /** Notes that the first pass over the state channel is done. */
  markComplete(): void {
    this.completed = true;
    this.complete.resolve();
  }
}

function knownBy(record: StateRecord): KnownTenant {
  const open = record.state === 'PURGED' ? [] : record.routes.filter(({ access }) => access !== 'frozen');
  const none: KnownTenant = { record, route: undefined, store: undefined, next: undefined };
  return (
    open.reduceRight<KnownTenant | undefined>(
      (next, route) => ({ record, route, store: route.store, next }),
      undefined,
    ) ?? none
  );
}

/** Sequence first; then the tenant's version and its routes' revisions, for changes that draw no sequence. */
function isNewer(record: StateRecord, than: StateRecord): boolean {
  const [seq, thanSeq] = [BigInt(record.tenantSeq), BigInt(than.tenantSeq)];
  if (seq !== thanSeq) return seq > thanSeq;
  if (record.version !== than.version) return record.version > than.version;
  return revisions(record) > revisions(than);
}

function revisions(record: StateRecord): number {
  return record.routes.reduce((sum, { revision }) => sum + revision, 0);
}
