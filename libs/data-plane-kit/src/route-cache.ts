import type { StateRecord } from '@tenantry/contracts';

/** Tells the waiters of one tenant about a newer record. */
type Waiter = (record: StateRecord) => void;

/** Every tenant's newest known state and routes, in memory, fed by the state channel and, at the start, from a snapshot. */
export class RouteCache {
  private readonly records = new Map<string, StateRecord>();
  private readonly waiters = new Map<string, Set<Waiter>>();
  private readonly complete = Promise.withResolvers<void>();
  private completed = false;

  /** Whether everything that existed when the following began has been seen, so that "not here" means "does not exist". */
  get isComplete(): boolean {
    return this.completed;
  }

  /** How many tenants are known, purged ones too. */
  get size(): number {
    return this.records.size;
  }

  /** The newest known record of a tenant, undefined for one never heard of. */
  get(tenantId: string): StateRecord | undefined {
    return this.records.get(tenantId.toLowerCase());
  }

  /** Every known record, of purged tenants too, in no particular order; it may change while it is gone through. */
  all(): IterableIterator<StateRecord> {
    return this.records.values();
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
    const known = this.records.get(key);
    if (known && !isNewer(record, known)) return false;
    this.records.set(key, record);
    for (const waiter of [...(this.waiters.get(key) ?? [])]) waiter(record);
    return true;
  }

  /** Notes that the first pass over the state channel is done. */
  markComplete(): void {
    this.completed = true;
    this.complete.resolve();
  }
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
