import type { DesiredState, OperationKind, OperationState, TenantState } from '@tenantry/contracts';

/** Who takes part in the model's installation, and what is waited for. */
export const MODEL_PARTICIPANTS = {
  reference: { required: true, verifies: false },
  second: { required: true, verifies: false },
  watcher: { required: false, verifies: false },
  verifier: { required: true, verifies: true },
} as const;

export type ModelParticipant = keyof typeof MODEL_PARTICIPANTS;
export const MODEL_NAMES = Object.keys(MODEL_PARTICIPANTS) as ModelParticipant[];

/** Where one participant stands in the current operation. */
export type Standing = 'not asked' | 'asked' | 'failed' | 'failed for good' | 'done' | 'passed over';

/**
 * What a tenant should be, told as simply as it can be and without the reconciler's notions: a reference to compare with.
 * It knows nothing of events, attempts, leases or wake-ups.
 */
export class LifecycleModel {
  desired: DesiredState = 'active';
  before: DesiredState = 'active';
  generation = 1;
  kind: OperationKind = 'provision';
  operation: OperationState = 'running';
  wasActive = false;
  purgeAt: number | undefined;
  deletionAskedAt = 0;
  paused = false;
  held = false;
  /** Whether the optional participant holds something that a purge must wait for: it was asked once. */
  readonly standing = new Map<ModelParticipant, Standing>(MODEL_NAMES.map((name) => [name, 'not asked']));

  get state(): TenantState {
    const ended = this.operation === 'succeeded';
    if (this.desired === 'purged') return ended ? 'PURGED' : 'PURGING';
    if (this.purgeAt !== undefined) return 'DELETION_SCHEDULED';
    if (this.desired === 'suspended') return ended ? 'SUSPENDED' : 'SUSPENDING';
    if (ended) return 'ACTIVE';
    return this.wasActive ? 'REACTIVATING' : 'PROVISIONING';
  }

  /** Whether requests are let in by the route. */
  get open(): boolean {
    return this.state === 'ACTIVE';
  }

  /** Begins an operation that takes the place of whatever there was. */
  begin(kind: OperationKind, desired: DesiredState): void {
    this.kind = kind;
    this.desired = desired;
    this.generation += 1;
    this.operation = 'pending';
    for (const name of MODEL_NAMES) this.standing.set(name, 'not asked');
  }

  /** Lets everything happen that happens by itself at a time. */
  settle(now: number): void {
    if (this.paused) return;
    this.ask();
    if (this.isUnfinished()) this.end();
    const due = this.purgeAt !== undefined && this.purgeAt <= now && !this.held;
    if (this.desired !== 'suspended' || this.operation !== 'succeeded' || !due) return;
    this.purgeAt = undefined;
    this.begin('purge', 'purged');
    this.ask();
    this.end();
  }

  /** Whether it has succeeded without somebody who was asked, such as an optional participant. */
  isOpen(): boolean {
    const waiting: readonly Standing[] = ['asked', 'failed', 'failed for good'];
    return (
      this.operation === 'succeeded' && [...this.standing.values()].some((each) => waiting.includes(each))
    );
  }

  isUnfinished(): boolean {
    return this.operation === 'pending' || this.operation === 'running';
  }

  private ask(): void {
    if (this.operation === 'failed') return;
    for (const name of MODEL_NAMES) {
      if (this.standing.get(name) !== 'not asked') continue;
      if (MODEL_PARTICIPANTS[name].verifies && !this.isDestroyed()) continue;
      this.standing.set(name, 'asked');
      if (this.operation === 'pending') this.operation = 'running';
    }
  }

  /** Whether there is something to verify: everyone who was ever asked has destroyed. */
  private isDestroyed(): boolean {
    if (this.desired !== 'purged') return false;
    return MODEL_NAMES.every((name) => MODEL_PARTICIPANTS[name].verifies || this.isThrough(name));
  }

  private end(): void {
    const counted = MODEL_NAMES.filter((name) => this.isCounted(name));
    if (counted.some((name) => this.standing.get(name) === 'failed for good')) this.operation = 'failed';
    else if (counted.every((name) => this.isThrough(name))) {
      if (this.desired === 'purged' && !this.isThrough('verifier')) return;
      this.operation = 'succeeded';
      if (this.desired === 'active') this.wasActive = true;
    }
  }

  private isCounted(name: ModelParticipant): boolean {
    const { required, verifies } = MODEL_PARTICIPANTS[name];
    if (this.desired !== 'purged') return required && !verifies;
    return !verifies || this.isDestroyed();
  }

  private isThrough(name: ModelParticipant): boolean {
    return ['done', 'passed over'].includes(this.standing.get(name)!);
  }
}
