import type { Acknowledgement, Envelope, Heartbeat } from '@tenantry/contracts';
import { isReadableAnswer, problemsOf } from './message-check.js';
import type { Asked, Kind } from './played-tenant.js';
import type { Heard } from './wire.js';

/** An acknowledgement of one request, as it was heard. */
export interface Answer extends Acknowledgement {
  readonly tenantId: string;
  /** On the clock of `performance.now()`. */
  readonly heardAt: number;
}

interface Question {
  readonly asked: Asked;
  highestAttempt: number;
  readonly firstAt: number;
}

/** Everything that was said in a run, by either side. */
export class Transcript {
  /** Breaches of the message format, whenever they happen. */
  readonly malformed: string[] = [];
  /** Answers that nobody had asked for. */
  readonly unasked: string[] = [];
  /** Answers that contradict an earlier one of the same operation. */
  readonly contradictions: string[] = [];
  readonly heartbeats: {
    readonly at: number;
    readonly data: Heartbeat;
    readonly problems: readonly string[];
  }[] = [];
  /** How long first answers took, in milliseconds, by what was asked for. */
  readonly latencies = new Map<Kind, number[]>();
  private readonly startedAt = performance.now();
  private readonly questions = new Map<string, Question>();
  private readonly answers = new Map<string, Answer[]>();
  private readonly lines = new Map<string, string[]>();
  private readonly ids = new Map<string, string>();
  private readonly waiting = new Set<() => void>();
  private readonly lastHeard = new Map<string, number>();
  private readonly said = new Map<string, number>();

  constructor(private readonly participant: string) {}

  /** Notes what is about to be sent: an answer may be quicker than the transport's own word that it was. */
  noteAsked(asked: Asked): void {
    const { operationId, attempt, kind, generation, tenant, event } = asked;
    const known = this.questions.get(operationId);
    if (known) known.highestAttempt = Math.max(known.highestAttempt, attempt);
    else this.questions.set(operationId, { asked, highestAttempt: attempt, firstAt: performance.now() });
    const to = asked.participants.includes(this.participant) ? '' : ` to ${asked.participants.join()}`;
    this.line(
      tenant.id,
      `-> ${kind} g${generation} attempt ${attempt} seq ${event.tenantSeq} op …${operationId.slice(-6)}${to}`,
    );
  }

  noteEvent({ subject, type, tenantSeq }: Envelope): void {
    this.line(subject, `-> ${type} seq ${tenantSeq}`);
  }

  /** A remark about what the kit did to the participant. */
  noteEverywhere(tenantIds: Iterable<string>, text: string): void {
    for (const id of tenantIds) this.line(id, `   ${text}`);
  }

  hear(heard: Heard): void {
    const at = performance.now();
    if (heard.channel !== this.participant) return;
    const problems = [...problemsOf(heard, this.participant), ...this.reusedId(heard)];
    const { envelope } = heard;
    if (problems.length > 0)
      this.malformed.push(
        `${problems.join('; ')}: ${(envelope ? JSON.stringify(envelope) : heard.raw).slice(0, 400)}`,
      );
    if (envelope?.type === 'participant.heartbeat.v1')
      this.heartbeats.push({ at, data: envelope.data as Heartbeat, problems });
    else if (envelope?.type === 'participant.acknowledged.v1')
      this.hearAnswer(
        envelope as Envelope<string, Acknowledgement>,
        isReadableAnswer(heard, this.participant),
        at,
      );
    else if (envelope) this.line(envelope.subject, `<- ${envelope.type}`);
    if (envelope) {
      this.said.set(envelope.subject, this.saidOf(envelope.subject) + 1);
      this.lastHeard.set(envelope.subject, at);
    }
    for (const wake of [...this.waiting]) wake();
  }

  /** The readable answers to an operation, in the order heard. */
  answersTo(operationId: string): readonly Answer[] {
    return this.answers.get(operationId) ?? [];
  }

  /** How many messages about the tenant were heard, of whatever kind. */
  saidOf(tenantId: string): number {
    return this.said.get(tenantId) ?? 0;
  }

  /** When something about the tenant was heard last; 0 when never. */
  lastHeardAt(tenantId: string): number {
    return this.lastHeard.get(tenantId) ?? 0;
  }

  /** What was said about a tenant, line by line. */
  linesOf(tenantId: string): readonly string[] {
    return this.lines.get(tenantId) ?? [];
  }

  /** Resolves with what `probe` gives as soon as that is not undefined, or with undefined when the time is up. */
  async until<T>(probe: () => T | undefined, timeoutMs: number): Promise<T | undefined> {
    const first = probe();
    if (first !== undefined) return first;
    return new Promise((resolve) => {
      const finish = (value: T | undefined): void => {
        this.waiting.delete(look);
        clearTimeout(timer);
        resolve(value);
      };
      const look = (): void => {
        const value = probe();
        if (value !== undefined) finish(value);
      };
      const timer = setTimeout(() => finish(probe()), timeoutMs);
      this.waiting.add(look);
    });
  }

  private hearAnswer(
    { subject, data }: Envelope<string, Acknowledgement>,
    readable: boolean,
    heardAt: number,
  ): void {
    const said = data ?? {};
    const { operationId, generation, attempt, outcome, error } = said;
    const flaw = readable ? '' : ' (unreadable)';
    const op = String(operationId).slice(-6);
    this.line(
      subject,
      `<- ${outcome} g${generation} attempt ${attempt} op …${op}${error ? ` "${error}"` : ''}${flaw}`,
    );
    const question = this.questions.get(operationId);
    const strange = this.whyUnasked(question, subject, said);
    if (strange) this.unasked.push(`${strange}: ${JSON.stringify({ subject, ...said }).slice(0, 400)}`);
    if (strange || !readable || !question) return;
    const answers = this.answers.get(operationId) ?? [];
    if (answers.length === 0) this.noteLatency(question.asked.kind, heardAt - question.firstAt);
    this.noteContradiction(question.asked.kind, answers, said);
    this.answers.set(operationId, [...answers, { ...said, tenantId: subject, heardAt }]);
  }

  private noteLatency(kind: Kind, ms: number): void {
    this.latencies.set(kind, [...(this.latencies.get(kind) ?? []), ms]);
  }

  private whyUnasked(
    question: Question | undefined,
    subject: string,
    { generation, attempt }: Acknowledgement,
  ): string | undefined {
    if (!question) return 'nobody asked for this operation';
    const { asked, highestAttempt } = question;
    if (!asked.participants.includes(this.participant)) return `only ${asked.participants.join()} was asked`;
    if (subject !== asked.tenant.id) return `the operation is of tenant ${asked.tenant.id}`;
    if (generation !== asked.generation) return `the operation has generation ${asked.generation}`;
    if (attempt > highestAttempt) return `only attempt ${highestAttempt} has been asked for`;
    return undefined;
  }

  private noteContradiction(kind: Kind, earlier: readonly Answer[], now: Acknowledgement): void {
    const success = earlier.find(({ outcome }) => outcome === 'succeeded');
    if (!success) return;
    const said = JSON.stringify({ subject: success.tenantId, ...now }).slice(0, 400);
    if (now.outcome !== 'succeeded') this.contradictions.push(`after a success it said: ${said}`);
    else if (!isSameResult(kind, success.evidence, now.evidence))
      this.contradictions.push(
        `evidence was ${JSON.stringify(success.evidence)?.slice(0, 300)}, now it said: ${said}`,
      );
  }

  /** An id belongs to one message; a redelivery repeats the message with it. */
  private reusedId({ envelope, raw }: Heard): string[] {
    if (!envelope?.id) return [];
    const content = JSON.stringify([envelope.type, envelope.subject, envelope.data]);
    const known = this.ids.get(envelope.id);
    this.ids.set(envelope.id, content);
    return known !== undefined && known !== content
      ? [`the id ${envelope.id} was another message's: ${raw}`]
      : [];
  }

  private line(tenantId: string, text: string): void {
    const seconds = ((performance.now() - this.startedAt) / 1000).toFixed(3).padStart(8);
    const lines = this.lines.get(tenantId) ?? [];
    this.lines.set(tenantId, [...lines, `${seconds} ${text}`]);
  }
}

/**
 * Whether a repeated success shows the same result. A verification alone may be done anew whenever it is asked again: it destroys nothing, and
 * what it has seen ages.
 */
export function isSameResult(kind: Kind, first: unknown, again: unknown): boolean {
  return kind === 'verify' || sameJson(first, again);
}

/** Whether two values say the same, whatever the order of their keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, nested: unknown) =>
    nested !== null && typeof nested === 'object' && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([x], [y]) => (x < y ? -1 : 1)))
      : nested,
  );
}
