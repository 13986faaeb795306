import type { Isolation, RecoveryType, RequestType } from '@tenantry/contracts';

/** An audit entry that would have been written. */
export interface PlannedChange {
  /** Noun and verb, e.g. `tenant.suspend`. */
  readonly action: string;
  /** What it would be done to, e.g. `tenants/<id>`. */
  readonly resource: string;
  readonly tenantId: string | null;
  readonly before: object | null;
  readonly after: object | null;
}

/** A participant that would be asked for something. */
export interface AskedParticipant {
  readonly name: string;
  readonly request: RequestType | RecoveryType;
  readonly required: boolean;
}

/** Where a new tenant would go. */
export interface PlannedPlace {
  readonly cluster: string;
  readonly isolation: Isolation;
  /** Why there, in words. */
  readonly why: string;
  /** The clusters of the region that could not take it. */
  readonly passedOver: readonly {
    readonly cluster: string;
    readonly reason: string;
    readonly detail: string;
  }[];
}

/** What a dry run has found out; see {@link Tx.dryRun} for who writes it. */
export class DryRunNotes {
  readonly changes: PlannedChange[] = [];
  private readonly asked = new Map<string, AskedParticipant>();
  private readonly final = new Set<string>();
  private readonly ids = new Set<string>();
  private readonly wakes = new Set<string>();
  private others = 0;
  private planned: PlannedPlace | undefined;

  change(change: PlannedChange): void {
    this.changes.push(change);
  }

  ask(participant: AskedParticipant): void {
    this.asked.set(`${participant.name} ${participant.request}`, participant);
  }

  /** What could not be undone, in words for an operator. */
  irreversible(words: string): void {
    this.final.add(words);
  }

  /** An id that was made up for this run and means nothing after it. */
  madeUp(id: string): void {
    this.ids.add(id);
  }

  /** Where the tenant that would be created would go. */
  place(place: PlannedPlace): void {
    this.planned = place;
  }

  /** The reconciler would look at this tenant next. */
  woken(tenantId: string): void {
    this.wakes.add(tenantId);
  }

  /** Tenants that would be touched later, beside those that a change names. */
  reach(tenants: number): void {
    this.others += tenants;
  }

  add(unit: DryRunNotes): void {
    this.changes.push(...unit.changes);
    for (const participant of unit.asked.values()) this.ask(participant);
    for (const words of unit.final) this.final.add(words);
    for (const id of unit.ids) this.ids.add(id);
    this.others += unit.others;
    this.planned ??= unit.planned;
  }

  get participants(): readonly AskedParticipant[] {
    return [...this.asked.values()];
  }

  get irreversibles(): readonly string[] {
    return [...this.final];
  }

  get placement(): PlannedPlace | undefined {
    return this.planned;
  }

  get wokenTenants(): readonly string[] {
    return [...this.wakes];
  }

  isMadeUp(id: string): boolean {
    return this.ids.has(id);
  }

  /** How many tenants are touched. */
  get tenants(): number {
    const named = new Set(this.changes.flatMap(({ tenantId }) => tenantId ?? []));
    return named.size + this.others;
  }
}
