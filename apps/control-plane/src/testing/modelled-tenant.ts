import { expect } from '@jest/globals';
import type { Command } from '@nestjs/cqrs';
import type { LifecycleHarness } from './lifecycle-harness.js';
import type { LifecycleModel, ModelParticipant } from './lifecycle-model.js';

interface Picture {
  readonly desired: string;
  readonly state: string;
  readonly generation: number;
  readonly version: number;
  readonly paused: boolean;
  readonly held: boolean;
  readonly kind: string;
  readonly operation: string;
  readonly open: boolean;
}

const PICTURE_SQL = `SELECT t.desired, t.state, t.generation::int, t.version::int, t.paused_at IS NOT NULL AS paused,
    t.hold_placed_at IS NOT NULL AS held, o.kind, o.state AS operation,
    coalesce((SELECT bool_and(access = 'open') FROM tenantry.route r WHERE r.tenant_id = t.id), false) AS open
  FROM tenantry.tenant t JOIN tenantry.operation o ON o.tenant_id = t.id AND o.generation = t.generation
  WHERE t.id = $1`;

/** The clock of one database, which only goes ahead: it is shared by the tenants that are modelled one after another. */
export class ModelClock {
  aheadMs = 0;
}

/** One tenant in the real domain and a real database, driven step by step beside its model. */
export class ModelledTenant {
  private version = 0;

  constructor(
    private readonly control: LifecycleHarness,
    readonly id: string,
    private readonly clock: ModelClock,
    /** How often each state was compared. */
    private readonly seen: Map<string, number>,
  ) {}

  /** The time that the model reckons with; the real clock runs on a little beside it. */
  get now(): number {
    return Date.now() + this.clock.aheadMs;
  }

  execute<R>(command: Command<R>): Promise<R> {
    return this.control.commands.execute(command);
  }

  async operationId(): Promise<string> {
    const [row] = await this.control.rows<{ id: string }>(
      'SELECT id FROM tenantry.operation WHERE tenant_id = $1 ORDER BY generation DESC LIMIT 1',
      [this.id],
    );
    return row!.id;
  }

  /** @returns how far the answer counts: it is refused, counts only as a success, or counts. */
  async answer(
    participant: ModelParticipant,
    outcome: 'succeeded' | 'failed' | 'failed for good' | 'in_progress',
    which: 'current' | 'older attempt' | 'older generation',
  ): Promise<'stale' | 'older' | 'latest'> {
    const [current] = await this.control.rows<{
      id: string;
      generation: number;
      attempts: number | null;
      state: string | null;
    }>(
      `SELECT o.id, o.generation::int, k.attempts, k.state FROM tenantry.operation o
       LEFT JOIN tenantry.task k ON k.operation_id = o.id AND k.participant = $2
       WHERE o.tenant_id = $1 ORDER BY o.generation DESC LIMIT 2`,
      [this.id, participant],
    );
    const older = which === 'older generation';
    const attempts = current!.attempts ?? 1;
    const attempt = which === 'older attempt' ? Math.max(1, attempts - 1) : attempts;
    if (older && current!.generation === 1) return 'stale';
    await this.control.acknowledge(
      this.id,
      {
        attempt,
        outcome: outcome === 'failed for good' ? 'failed' : outcome,
        ...(outcome.startsWith('failed') && { retryable: outcome === 'failed', error: 'the model said so' }),
        ...(outcome === 'in_progress' && { progress: 50 }),
        ...(older && { generation: current!.generation - 1 }),
      },
      participant,
    );
    if (older) return 'stale';
    // An attempt that has failed is over; what else is said of it is an echo.
    return attempt === attempts && current!.state !== 'failed' ? 'latest' : 'older';
  }

  async wait(ms: number): Promise<void> {
    this.clock.aheadMs += ms;
    await this.control.moveClock(`${this.clock.aheadMs} milliseconds`);
  }

  restart(): Promise<void> {
    return this.control.restart();
  }

  async picture(): Promise<Picture> {
    const [row] = await this.control.rows<Picture>(PICTURE_SQL, [this.id]);
    return row!;
  }

  /** Lets the reconciler and the model come to rest, and compares what the world is told. */
  async compare(model: LifecycleModel): Promise<void> {
    model.settle(this.now);
    for (let steps = 0; steps < 5; steps += 1) {
      const again = await this.control.reconcile(this.id);
      if (again === null || again.getTime() > this.now + 500) break;
    }
    const { version, ...seen } = await this.picture();
    expect(seen).toEqual({
      desired: model.desired,
      state: model.state,
      generation: model.generation,
      paused: model.paused,
      held: model.held,
      kind: model.kind,
      operation: model.operation,
      open: model.open && !this.hasSkippedAll(model),
    });
    this.seen.set(seen.state, (this.seen.get(seen.state) ?? 0) + 1);
    expect(version).toBeGreaterThanOrEqual(this.version);
    this.version = version;
  }

  /** Nobody serves a store that everyone was skipped for, so it stays closed. */
  private hasSkippedAll(model: LifecycleModel): boolean {
    return (['reference', 'second'] as const).every((name) => model.standing.get(name) !== 'done');
  }
}
