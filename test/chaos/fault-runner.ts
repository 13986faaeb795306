import { setTimeout as delay } from 'node:timers/promises';
import type { ChaosSystem } from './chaos-system.ts';
import type { Fault, PlannedFault } from './fault-plan.ts';
import { killsOf } from './fault-plan.ts';
import { setGroupBack } from './group-offsets.ts';
import type { LifeEnd, ProcessSlot } from './process-slot.ts';

/** How long a process that was armed may take to come to its point, once it is ready, before it is killed where it is. */
const PATIENCE_MS = 12_000;
/** The same before it is paused where it is: pauses are few, and most of them are only worth something at their point. */
const PAUSE_PATIENCE_MS = 20_000;
const STOP_POLL_MS = 200;

/** What the faults came to. */
export interface FaultReport {
  /** Kills of each role, `postgres` and `broker`. */
  readonly kills: Readonly<Record<string, number>>;
  readonly pauses: number;
  readonly networkFaults: number;
  /** Events that were delivered once more because a group was set back. */
  readonly redelivered: number;
  /** Of these, at the point that was named. */
  readonly pausesAtPoints: number;
  /** Named steps at which a process of a role ended. */
  readonly pointsReached: ReadonlySet<string>;
  /** From each kill until the one that was killed was ready again, in milliseconds. */
  readonly recoveryMs: readonly number[];
}

/**
 * Does what was planned, in its order. A fault begins at its time whether or not the ones before are over, so they overlap; it waits
 * only for the process, link or server that it concerns, when that is still in another fault's hands.
 */
export class FaultRunner {
  private readonly kills: Record<string, number> = {};
  private readonly points = new Set<string>();
  private readonly recoveryMs: number[] = [];
  private readonly busy = new Map<string, Promise<void>>();
  private over = false;
  private pauses = 0;
  private pausesAtPoints = 0;
  private networkFaults = 0;
  private redelivered = 0;
  private failure: Error | undefined;
  private readonly system: ChaosSystem;
  private readonly say: (line: string) => void;

  constructor(system: ChaosSystem, say: (line: string) => void) {
    this.system = system;
    this.say = say;
  }

  /** @param untilMs on the clock of `performance.now()`: what has not begun by then is left out. */
  async run(plan: readonly PlannedFault[], untilMs: number): Promise<FaultReport> {
    let killed = 0;
    for (const [n, { afterMs, fault }] of plan.entries()) {
      await delay(afterMs);
      if (performance.now() > untilMs || this.failure) break;
      const concerned = this.concernedBy(fault);
      for (const one of concerned) await this.busy.get(one);
      this.say(`${String(n + 1).padStart(3)}/${plan.length} ${describe(fault)}`);
      const done = this.do(fault).catch((error: Error) => void (this.failure ??= error));
      for (const one of concerned) this.busy.set(one, done);
      killed += killsOf(fault);
    }
    await Promise.all(this.busy.values());
    this.over = true;
    if (this.failure) throw this.failure;
    this.say(`${killed} kills done`);
    const { kills, pauses, pausesAtPoints, networkFaults, redelivered, points, recoveryMs } = this;
    return { kills, pauses, pausesAtPoints, networkFaults, redelivered, pointsReached: points, recoveryMs };
  }

  private concernedBy(fault: Fault): string[] {
    switch (fault.kind) {
      case 'kill':
      case 'pause':
        return [fault.place];
      case 'network':
        return [`${fault.place} ${fault.peer}`];
      case 'postgres':
      case 'broker':
        return [fault.kind];
      case 'redelivery':
        return [...this.dataPlanes().map(({ place }) => place.name), 'broker'];
    }
  }

  private async do(fault: Fault): Promise<void> {
    switch (fault.kind) {
      case 'kill':
        return this.kill(fault.place, fault.at);
      case 'pause':
        return this.pause(fault.place, fault.at, fault.holdMs);
      case 'network':
        return this.disturb(fault);
      case 'postgres':
        return this.restart(fault.kind, fault.holdMs, this.system.stopPostgres, this.system.startPostgres);
      case 'broker': {
        const { broker } = this.system;
        if (!broker) return;
        return this.restart(fault.kind, fault.holdMs, broker.kill, broker.start);
      }
      case 'redelivery':
        return this.redeliver(fault.back);
    }
  }

  private async kill(place: string, at: string | undefined): Promise<void> {
    const slot = this.system.slot(place);
    await this.killOnce(place, at);
    if (at === undefined) return this.recovered(place);
    const late = this.recovered(place).then(() => delay(PATIENCE_MS, 'late' as const));
    // It may come to its point before it is ready.
    if ((await Promise.race([slot.lifeEnd, late])) === 'killed') {
      this.points.add(`${slot.place.role} ${at.replace(/:\d+$/, '')}`);
      this.count(slot.place.role);
    } else await this.killOnce(place);
    await Promise.all([this.recovered(place), late]);
  }

  private async pause(place: string, at: string, holdMs: number): Promise<void> {
    const slot = this.system.slot(place);
    await this.killOnce(place, at);
    let deadline = Infinity;
    const ready = slot.ready();
    ready.then(
      () => (deadline = performance.now() + PAUSE_PATIENCE_MS),
      () => (deadline = 0),
    );
    let there = false;
    while (!there && performance.now() < deadline) {
      await delay(STOP_POLL_MS);
      there = await slot.isStopped();
    }
    if (!there) slot.pause();
    this.pauses += 1;
    if (there) this.pausesAtPoints += 1;
    this.say(`    ${place} is paused ${there ? at : 'somewhere'} for ${holdMs} ms`);
    await delay(holdMs);
    slot.resume();
    this.say(`    ${place} goes on`);
    if (!there) void this.continueIfStopped(slot, slot.lifeEnd, holdMs);
    await ready;
    await slot.ready();
  }

  /** It is still armed, and will stop by itself when it comes to its point after all. */
  private async continueIfStopped(
    slot: ProcessSlot,
    lifeEnd: Promise<LifeEnd>,
    holdMs: number,
  ): Promise<void> {
    let alive = true;
    void lifeEnd.then(() => (alive = false));
    while (alive) {
      await delay(STOP_POLL_MS * 5);
      if (!(await slot.isStopped())) continue;
      await delay(this.over ? 0 : holdMs);
      slot.resume();
    }
  }

  private async disturb({
    place,
    peer,
    effect,
    holdMs,
    delayMs,
  }: Fault & { kind: 'network' }): Promise<void> {
    const link = this.system.link(place, peer);
    if (effect === 'delay') link.delay(delayMs);
    else link[effect]();
    this.networkFaults += 1;
    await delay(holdMs);
    link.heal();
  }

  private async restart(
    what: 'postgres' | 'broker',
    holdMs: number,
    stop: () => Promise<void>,
    start: () => Promise<void>,
  ): Promise<void> {
    const began = performance.now();
    await stop();
    this.count(what);
    await delay(holdMs);
    await start();
    this.recoveryMs.push(performance.now() - began);
  }

  private async redeliver(back: number): Promise<void> {
    const { kafkaBrokers, consumerGroup, topicPrefix } = this.system;
    const slots = this.dataPlanes();
    if (kafkaBrokers === undefined) return;
    // Stopped and not killed: a group can be set back when nobody is in it, and would not be empty if they were started again.
    for (const slot of slots) await slot.hold();
    for (const { place } of slots) this.count(place.role);
    try {
      this.redelivered += await setGroupBack(
        kafkaBrokers,
        `${topicPrefix}.${consumerGroup}`,
        `${topicPrefix}.tenant.lifecycle.v1`,
        back,
      );
    } finally {
      for (const slot of slots) slot.release();
    }
    for (const { place } of slots) await this.recovered(place.name);
  }

  private async killOnce(place: string, order?: string): Promise<void> {
    const slot = this.system.slot(place);
    await slot.kill(order);
    this.count(slot.place.role);
  }

  /** Waits until it is ready, which a fault of its surroundings may take long to allow. */
  private async recovered(place: string): Promise<void> {
    const began = performance.now();
    await this.system.slot(place).ready();
    this.recoveryMs.push(performance.now() - began);
  }

  private count(what: string): void {
    this.kills[what] = (this.kills[what] ?? 0) + 1;
  }

  private dataPlanes() {
    return this.system.slots.filter(({ place }) => place.role === 'data-plane');
  }
}

function describe(fault: Fault): string {
  const { kind, ...rest } = fault;
  return `${kind} ${Object.values(rest).join(' ')}`;
}
