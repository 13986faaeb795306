/** One line of an effect journal. */
export interface Note {
  readonly no: number;
  /** Seconds since the epoch on the database server's clock, which both databases share. */
  readonly at: number;
  readonly session: string;
  readonly kind: string;
  readonly tenant: string;
  readonly generation: number | null;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface OperationRow {
  readonly id: string;
  readonly tenant: string;
  readonly kind: string;
  readonly state: string;
  readonly generation: number;
  readonly seconds: number | null;
}

export interface TenantRow {
  readonly id: string;
  readonly state: string;
  readonly desired: string;
  readonly generation: number;
  readonly seq: number;
}

export interface EventRow {
  readonly id: string;
  readonly tenant: string;
  readonly seq: number;
  readonly type: string;
  readonly generation: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A message as it lies in a topic, in the order of its partition. */
export interface TopicMessage {
  readonly tenant: string;
  readonly partition: number;
  readonly seq: number;
  readonly id: string;
  readonly type: string;
}

/** Everything that the judges look at, read when all is over. */
export interface Evidence {
  readonly tenants: readonly TenantRow[];
  readonly operations: readonly OperationRow[];
  readonly events: readonly EventRow[];
  /** The id of the latest state record by tenant, as the control plane has it. */
  readonly stateRecords: ReadonlyMap<string, string>;
  readonly controlNotes: readonly Note[];
  readonly dataNotes: readonly Note[];
  readonly verifierNotes: readonly Note[];
  /** Undefined on the embedded transport. */
  readonly lifecycleTopic: readonly TopicMessage[] | undefined;
  readonly stateTopic: readonly TopicMessage[] | undefined;
  /** How far each participant says that it has come, by tenant. */
  readonly positions: Readonly<Record<'reference' | 'verifier', ReadonlyMap<string, number>>>;
}

export type Count = 'lost' | 'doubled' | 'outOfOrder' | 'early' | 'overlapping' | 'unrequested' | 'stuck';

/** Something that must not be. */
export interface Finding {
  readonly count: Count;
  readonly tenant?: string;
  readonly what: string;
}
