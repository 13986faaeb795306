import { setTimeout as pause } from 'node:timers/promises';
import type { Logger, WorkControl, WorkItem } from '@tenantry/messaging';
import { type ClientBase, escapeLiteral } from 'pg';
import { inTransaction, type StepTransaction } from './transaction.js';
import { TenantHeld } from './request-errors.js';

/** How the fence is changed against transactions that are still in. */
export interface FenceTimes {
  /** One wait for the lock: short, since new requests of this tenant are refused while it lasts. Milliseconds. */
  readonly lockTimeoutMs: number;
  /** From when on the sessions that hold the tenant are ended. Milliseconds from the first try. */
  readonly terminateAfterMs: number;
  /** When to give up, and be asked again. Milliseconds from the first try. */
  readonly giveUpAfterMs: number;
}

export const DEFAULT_FENCE_TIMES: FenceTimes = {
  lockTimeoutMs: 250,
  terminateAfterMs: 5000,
  giveUpAfterMs: 20_000,
};

const PAUSE_MS = 50;

/** Writes one tenant's fence, each time in a transaction of its own. */
export class FenceWriter {
  /** How many sessions had to be ended. */
  terminated = 0;

  constructor(
    private readonly client: ClientBase,
    private readonly item: Pick<WorkItem, 'tenantId' | 'generation'>,
    private readonly control: Pick<WorkControl, 'assertCurrent'>,
    private readonly logger: Logger,
    private readonly times: FenceTimes = DEFAULT_FENCE_TIMES,
  ) {}

  /**
   * Raises the generation; the access stays, and is frozen where there was no fence.
   *
   * @param durable whether to wait for the disk. Without, it holds for everybody at once, and a crash of the server can lose it
   * with all that came after: for a request whose last step waits. Default: true.
   */
  keep({ durable = true }: { readonly durable?: boolean } = {}): Promise<void> {
    return this.write(async (tx) => tx.later(this.call('set_fence', 'keep')), durable);
  }

  /** As `keep`, with `work` done while nobody else can change the tenant, and undone when it fails. */
  keepWhile(work: (tx: StepTransaction) => Promise<void>): Promise<void> {
    return this.write(async (tx) => {
      await tx.query(this.call('set_fence', 'keep'));
      await work(tx);
    });
  }

  /**
   * Lets the tenant's transactions in.
   *
   * @param more statements that hold from the same moment on: of the same transaction, without parameters. Default: none.
   * @param durable as for `keep`.
   */
  open({
    with: more = [],
    durable = true,
  }: { readonly with?: readonly string[]; readonly durable?: boolean } = {}): Promise<void> {
    return this.write(async (tx) => tx.later(this.call('set_fence', 'open'), ...more), durable);
  }

  freeze(): Promise<void> {
    return this.write(async (tx) => tx.later(this.call('set_fence', 'frozen')));
  }

  /** Freezes for good: the tombstone stands from here on. */
  bury(): Promise<void> {
    return this.write(async (tx) => tx.later(this.call('bury')));
  }

  private call(name: 'set_fence' | 'bury', ...access: ('keep' | 'open' | 'frozen')[]): string {
    const { tenantId, generation } = this.item;
    return `SELECT tenantry.${name}(${[tenantId, String(generation), ...access].map(escapeLiteral).join(', ')})`;
  }

  private async write(change: (tx: StepTransaction) => Promise<void>, durable = true): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      try {
        await inTransaction(this.client, { lockTimeoutMs: this.times.lockTimeoutMs, durable }, change);
        return;
      } catch (error) {
        const waitedMs = performance.now() - startedAt;
        if (!(error instanceof TenantHeld)) throw error;
        if (waitedMs >= this.times.giveUpAfterMs)
          throw new TenantHeld('Transactions of the tenant would not end.', { cause: error });
        await this.control.assertCurrent();
        if (waitedMs >= this.times.terminateAfterMs) await this.terminateHolders();
      }
      await pause(PAUSE_MS * (0.5 + Math.random()));
    }
  }

  private async terminateHolders(): Promise<void> {
    try {
      const { rows } = await this.client.query<{ ended: number }>(
        'SELECT tenantry.terminate_holders($1) AS ended',
        [this.item.tenantId],
      );
      const ended = rows[0]?.ended ?? 0;
      this.terminated += ended;
      this.logger.warn(
        { tenantId: this.item.tenantId, ended },
        'ended sessions that kept a tenant from being fenced',
      );
    } catch (err) {
      this.logger.warn(
        { tenantId: this.item.tenantId, err },
        'could not end the sessions that keep a tenant from being fenced',
      );
    }
  }
}
