import type { SqlExecutor } from '@tenantry/database';
import { deletePointers } from './relay-shard.store.js';

interface Order {
  readonly pointers: readonly string[];
  readonly settle: PromiseWithResolvers<void>;
}

/** Deletes pointers, one statement at a time; what is handed in meanwhile, of whatever shards, goes with the next. */
export class PointerRemoval {
  private waiting: Order[] = [];
  private working = false;

  constructor(private readonly sql: SqlExecutor) {}

  /** Resolves when they are gone. */
  remove(pointers: readonly string[]): Promise<void> {
    const settle = Promise.withResolvers<void>();
    this.waiting.push({ pointers, settle });
    if (!this.working) void this.work();
    return settle.promise;
  }

  private async work(): Promise<void> {
    this.working = true;
    while (this.waiting.length > 0) {
      const orders = this.waiting;
      this.waiting = [];
      try {
        await deletePointers(
          this.sql,
          orders.flatMap(({ pointers }) => pointers),
        );
        for (const { settle } of orders) settle.resolve();
      } catch (error) {
        for (const { settle } of orders) settle.reject(error);
      }
    }
    this.working = false;
  }
}
