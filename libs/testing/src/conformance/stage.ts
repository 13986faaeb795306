import type { Isolation } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { setTimeout as pause } from 'node:timers/promises';
import type { Settings } from './conformance-options.js';
import type { ParticipantProcess } from './participant-process.js';
import { PlayedTenant, type AskOptions, type Asked, type Kind } from './played-tenant.js';
import type { ProbeState } from './probe.js';
import { SeededRandom } from './random.js';
import { sameJson, type Answer, type Transcript } from './transcript.js';
import type { Wire } from './wire.js';

/** What a run knows when its first case begins. */
export interface Setting {
  readonly settings: Settings;
  readonly wire: Wire;
  readonly transcript: Transcript;
  readonly process: ParticipantProcess | undefined;
  readonly capabilities: readonly Kind[];
  readonly stores: readonly string[];
  /** Starts the participant, and waits for its first heartbeat as long as it may take. */
  readonly start: () => Promise<void>;
}

/** The participant does not do what the case says. */
export class CaseFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CaseFailed';
  }
}

const FIRST_PROBE_PAUSE_MS = 20;
const LONGEST_PROBE_PAUSE_MS = 250;
const UNKNOWN_LATENCY_MS = 300;

/** What one case has to work with: tenants of its own, and a control plane that does as it is told. */
export class Stage {
  readonly random: SeededRandom;
  /** Those of this case. */
  readonly tenants: PlayedTenant[] = [];
  private others = 0;

  constructor(
    readonly setting: Setting,
    caseId: string,
  ) {
    this.random = new SeededRandom(setting.settings.seed, caseId);
  }

  get participant(): string {
    return this.setting.settings.participant;
  }

  /** What a tenant's life begins with at this participant. */
  get firstKind(): Kind {
    const { capabilities } = this.setting;
    return capabilities.includes('provision') ? 'provision' : (capabilities[0] ?? 'provision');
  }

  /** What the participant can be asked for, in the order of a tenant's life. */
  get lifeOfATenant(): readonly Kind[] {
    const order: readonly Kind[] = ['provision', 'suspend', 'reactivate', 'purge', 'verify'];
    return order.filter((kind) => this.can(kind));
  }

  can(kind: Kind): boolean {
    return this.setting.capabilities.includes(kind);
  }

  tenant(isolation?: Isolation, id: string = newId()): PlayedTenant {
    const { settings, stores } = this.setting;
    // Over all cases every isolation has its turn.
    const chosen = isolation ?? settings.isolations[this.others++ % settings.isolations.length] ?? 'pooled';
    const tenant = new PlayedTenant(id, this.participant, stores, chosen);
    this.tenants.push(tenant);
    return tenant;
  }

  /** A tenant for which the participant has done what it is usually asked for first, and then the other things. */
  async tenantAfter(...kinds: readonly Kind[]): Promise<PlayedTenant> {
    const tenant = this.tenant();
    for (const kind of kinds) if (this.can(kind)) await this.succeeds(await this.ask(tenant, kind));
    return tenant;
  }

  /** Sends a new operation's request. */
  async ask(tenant: PlayedTenant, kind: Kind, options?: AskOptions): Promise<Asked> {
    const asked = tenant.ask(kind, options);
    await this.send(asked);
    return asked;
  }

  /** Sends the same operation's request with a higher attempt; what the tenant is does not change by that. */
  async askAgain(asked: Asked, attempt?: number): Promise<Asked> {
    const again = asked.tenant.again(asked, attempt);
    await this.sendLate(again);
    return again;
  }

  /** Sends requests in this order, and before them the state records that go with them; the same ones again are delivered again. */
  async send(...requests: readonly Asked[]): Promise<void> {
    const { transcript, wire } = this.setting;
    for (const asked of requests) {
      transcript.noteAsked(asked);
      const { record, tenantSeq } = asked.tenant.stateRecord(asked, false);
      await wire.publishState(record, tenantSeq);
    }
    await wire.publish(requests.map(({ event }) => event));
  }

  /** As `send`, without a word on the state: what arrives late says nothing of what the tenant is now. */
  async sendLate(...requests: readonly Asked[]): Promise<void> {
    requests.forEach((asked) => this.setting.transcript.noteAsked(asked));
    await this.setting.wire.publish(requests.map(({ event }) => event));
  }

  /** The answers so far to the operation. */
  answersTo(asked: Asked): readonly Answer[] {
    return this.setting.transcript.answersTo(asked.operationId);
  }

  /** The final answer to exactly this attempt. @throws CaseFailed when there is none in time. */
  async answer(asked: Asked, timeoutMs = this.setting.settings.timeoutMs): Promise<Answer> {
    const answer = await this.heardAnswer(asked, timeoutMs);
    if (answer) return answer;
    const { kind, generation, attempt, tenant } = asked;
    throw new CaseFailed(
      `no answer to ${kind} g${generation} attempt ${attempt} of tenant ${tenant.id} within ${timeoutMs} ms`,
    );
  }

  /**
   * The success of this operation; a retryable failure is asked again, as a control plane does. Tells the world of it.
   *
   * @throws CaseFailed for a final failure, for silence, and for a success that shows nothing.
   */
  async succeeds(asked: Asked): Promise<Answer> {
    const { timeoutMs } = this.setting.settings;
    const deadline = performance.now() + timeoutMs;
    for (let current = asked; ;) {
      const answer = await this.answer(current, Math.max(1, deadline - performance.now()));
      if (answer.outcome === 'succeeded') return this.conclude(current, answer);
      this.refuseFinal(current, answer);
      await pause(100);
      current = await this.askAgain(current);
    }
  }

  /** As `succeeds`, asking again after a silence too; for what was interrupted. */
  async finishes(asked: Asked): Promise<Answer> {
    const { timeoutMs, recoveryMs } = this.setting.settings;
    const deadline = performance.now() + recoveryMs;
    for (let current = asked; ;) {
      const left = deadline - performance.now();
      if (left <= 0)
        throw new CaseFailed(
          `${asked.kind} of tenant ${asked.tenant.id} is not finished ${recoveryMs} ms after the interruption, after ${current.attempt} attempts`,
        );
      const answer = await this.setting.transcript.until(
        () => this.answersTo(asked).find(({ outcome }) => outcome === 'succeeded') ?? this.latest(current),
        Math.min(timeoutMs, left),
      );
      if (answer?.outcome === 'succeeded') return this.conclude(current, answer);
      if (answer) this.refuseFinal(current, answer);
      current = await this.askAgain(current);
    }
  }

  /**
   * Waits until what was sent has certainly been read, and then until nothing is heard of these tenants any more. That nothing comes
   * can only be believed for a while; what comes later is still found at the end of the run.
   */
  async quiet(...tenants: readonly PlayedTenant[]): Promise<void> {
    const { wire, transcript, settings } = this.setting;
    await Promise.all(
      tenants.slice(0, 3).map(async ({ id }) => {
        const behind = this.tenant(undefined, wire.neighbour(id));
        await this.succeeds(await this.ask(behind, this.firstKind));
      }),
    );
    const from = performance.now();
    const deadline = from + settings.timeoutMs;
    for (;;) {
      const last = Math.max(from, ...tenants.map(({ id }) => transcript.lastHeardAt(id)));
      const left = last + settings.quietMs - performance.now();
      if (left <= 0 || performance.now() > deadline) return;
      await pause(left);
    }
  }

  /** Waits for the probe to say one of these; passes without a probe. */
  async becomes(tenant: PlayedTenant, ...allowed: readonly ProbeState[]): Promise<void> {
    const { probe, timeoutMs } = this.setting.settings;
    if (!probe) return;
    const deadline = performance.now() + timeoutMs;
    let pauseMs = FIRST_PROBE_PAUSE_MS;
    for (;;) {
      const found = await this.probed(tenant);
      if (allowed.includes(found as ProbeState)) return;
      if (performance.now() > deadline)
        throw new CaseFailed(
          `in the service tenant ${tenant.id} is ${found}, it should be ${allowed.join(' or ')}`,
        );
      await pause(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PROBE_PAUSE_MS);
    }
  }

  /**
   * What must not change while nothing may be done for the tenant: the probe's fingerprint, or else the state; undefined without a probe.
   *
   * @throws CaseFailed when the probe cannot say.
   */
  async fingerprint(tenant: PlayedTenant): Promise<unknown> {
    const { probe, timeoutMs } = this.setting.settings;
    if (!probe) return undefined;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      try {
        const { state, fingerprint } = await probe(tenant.id);
        return fingerprint === undefined ? state : fingerprint;
      } catch (error) {
        if (performance.now() > deadline)
          throw new CaseFailed(
            `the probe cannot say what tenant ${tenant.id} is: ${(error as Error).message}`,
          );
        await pause(LONGEST_PROBE_PAUSE_MS);
      }
    }
  }

  /** @throws CaseFailed when anything was done for the tenant since the fingerprint was taken. */
  async unchanged(tenant: PlayedTenant, before: unknown, by: string): Promise<void> {
    const now = await this.fingerprint(tenant);
    this.check(
      sameJson(before, now),
      `${by} changed tenant ${tenant.id} in the service from ${JSON.stringify(before)} to ${JSON.stringify(now)}`,
    );
  }

  /** @throws CaseFailed saying `otherwise`. */
  check(holds: boolean, otherwise: string): void {
    if (!holds) throw new CaseFailed(otherwise);
  }

  /** How long this usually takes here, in milliseconds. */
  usualMs(kind: Kind): number {
    const sorted = [...(this.setting.transcript.latencies.get(kind) ?? [])].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? UNKNOWN_LATENCY_MS;
  }

  /** Of a case that cannot be run without a command. */
  get process(): ParticipantProcess {
    const { process } = this.setting;
    if (!process) throw new Error('there is no command to start the participant with');
    return process;
  }

  /** Kills the participant in the middle of whatever it does, and starts it again. */
  async crash(): Promise<void> {
    await this.process.kill();
    this.note('killed');
    await this.setting.start();
    this.note('started again');
  }

  note(text: string): void {
    this.setting.transcript.noteEverywhere(
      this.tenants.map(({ id }) => id),
      text,
    );
  }

  private async heardAnswer(asked: Asked, timeoutMs: number): Promise<Answer | undefined> {
    return this.setting.transcript.until(() => this.latest(asked), timeoutMs);
  }

  private latest(asked: Asked): Answer | undefined {
    return this.answersTo(asked).findLast(
      ({ attempt, outcome }) => attempt === asked.attempt && outcome !== 'in_progress',
    );
  }

  private async conclude(asked: Asked, answer: Answer): Promise<Answer> {
    this.check(
      answer.evidence !== undefined && Object.keys(answer.evidence).length > 0,
      `the success of ${asked.kind} shows no evidence of what was done`,
    );
    const { wire } = this.setting;
    const fact = asked.tenant.concluded(asked);
    const { record, tenantSeq } = asked.tenant.stateRecord(asked, true);
    await wire.publishState(record, tenantSeq);
    await wire.publish([fact]);
    return answer;
  }

  private refuseFinal({ kind, tenant }: Asked, { retryable, error }: Answer): void {
    if (retryable === false)
      throw new CaseFailed(`${kind} of tenant ${tenant.id} failed for good: ${error ?? 'without a word'}`);
  }

  private async probed({ id }: PlayedTenant): Promise<string> {
    try {
      return (await this.setting.settings.probe?.(id))?.state ?? 'unknown';
    } catch (error) {
      return `unknown (${(error as Error).message})`;
    }
  }
}
