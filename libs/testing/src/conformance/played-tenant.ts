import {
  placeNames,
  type Capability,
  type Envelope,
  type FactType,
  type Isolation,
  type ParticipantRequest,
  type Payload,
  type Placement,
  type RequestType,
  type RouteRecord,
  type StateRecord,
} from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';

/** What the kit asks a participant for. */
export type Kind = Capability;

interface KindOfRequest {
  readonly type: RequestType;
  readonly desired: ParticipantRequest['desired'];
  /** The tenant's public state while it is asked for, and when it is done. */
  readonly pending: StateRecord['state'];
  readonly done: StateRecord['state'];
  readonly fact: FactType;
}

const KINDS: Readonly<Record<Kind, KindOfRequest>> = {
  provision: {
    type: 'tenant.provisioning_requested.v1',
    desired: 'active',
    pending: 'PROVISIONING',
    done: 'ACTIVE',
    fact: 'tenant.provisioned.v1',
  },
  suspend: {
    type: 'tenant.suspension_requested.v1',
    desired: 'suspended',
    pending: 'SUSPENDING',
    done: 'SUSPENDED',
    fact: 'tenant.suspended.v1',
  },
  reactivate: {
    type: 'tenant.reactivation_requested.v1',
    desired: 'active',
    pending: 'REACTIVATING',
    done: 'ACTIVE',
    fact: 'tenant.reactivated.v1',
  },
  purge: {
    type: 'tenant.purge_requested.v1',
    desired: 'purged',
    pending: 'PURGING',
    done: 'PURGED',
    fact: 'tenant.purged.v1',
  },
  verify: {
    type: 'tenant.verification_requested.v1',
    desired: 'purged',
    pending: 'PURGING',
    done: 'PURGED',
    fact: 'tenant.purged.v1',
  },
};

/** One request for one operation, as often as it was asked. */
export interface Asked {
  readonly tenant: PlayedTenant;
  readonly kind: Kind;
  readonly operationId: string;
  readonly generation: number;
  readonly participants: readonly string[];
  /** Of `event`. */
  readonly attempt: number;
  readonly event: Envelope<RequestType, ParticipantRequest>;
}

export interface AskOptions {
  /** Default: the tenant's next. */
  readonly generation?: number;
  /** Default: the tenant's next. */
  readonly tenantSeq?: string;
  /** Default: the participant under test alone. */
  readonly participants?: readonly string[];
  /** Changes what is sent, to something that the contract does not foresee. */
  readonly alter?: (data: ParticipantRequest) => unknown;
}

/** A tenant that exists in this run alone, with the numbers that a control plane keeps of it. */
export class PlayedTenant {
  private seq = 0n;
  private generation = 0;
  private version = 0;

  constructor(
    readonly id: string,
    private readonly participant: string,
    private readonly stores: readonly string[],
    readonly isolation: Isolation,
  ) {}

  nextSeq(): string {
    this.seq += 1n;
    return String(this.seq);
  }

  /** Goes on behind this sequence. */
  skipTo(seq: bigint): void {
    this.seq = seq;
  }

  /** A new operation's request; it still has to be sent. */
  ask(kind: Kind, options: AskOptions = {}): Asked {
    const generation = options.generation ?? this.generation + 1;
    this.generation = Math.max(this.generation, generation);
    return this.asked(kind, newId(), generation, 1, options);
  }

  /** The same operation's request with a higher attempt, as a new event. */
  again(asked: Asked, attempt = asked.attempt + 1): Asked {
    const { kind, operationId, generation, participants } = asked;
    return this.asked(kind, operationId, generation, attempt, { participants });
  }

  fact<T extends FactType>(type: T, data: Payload<T>): Envelope<T, Payload<T>> {
    return this.event(type, data, this.generation, this.nextSeq());
  }

  /** What the world is told when everyone has acknowledged. */
  concluded({ kind, operationId, generation }: Asked): Envelope {
    const { fact, done } = KINDS[kind];
    return this.event(fact, { operationId, generation, state: done }, generation, this.nextSeq());
  }

  /** An event of any type, for what the contract does not foresee. */
  event<T extends string, D>(type: T, data: D, generation: number, tenantSeq: string): Envelope<T, D> {
    return {
      id: newId(),
      source: '/tenantry/control-plane',
      type,
      time: new Date().toISOString(),
      subject: this.id,
      tenantSeq,
      generation: String(generation),
      traceparent: `00-${newId().replaceAll('-', '')}-00f067aa0ba902b7-01`,
      data,
    };
  }

  /** The state record while the operation runs, or when it is done: access closes first and opens last. */
  stateRecord({ kind, generation }: Asked, isDone: boolean): { record: StateRecord; tenantSeq: string } {
    const { pending, done } = KINDS[kind];
    const open = isDone && done === 'ACTIVE';
    const gone = isDone && done === 'PURGED';
    this.version += 1;
    const routes: RouteRecord[] = this.placements().map((placement) => ({
      ...placement,
      access: open ? 'open' : 'frozen',
      generation,
      revision: this.version,
    }));
    const tenantSeq = String(this.seq);
    const record: StateRecord = {
      tenantId: this.id,
      slug: `conformance-${this.id}`,
      state: isDone ? done : pending,
      plan: 'standard',
      region: 'default',
      isolation: this.isolation,
      generation,
      version: this.version,
      tenantSeq,
      routes: gone ? [] : routes,
      updatedAt: new Date().toISOString(),
    };
    return { record, tenantSeq };
  }

  placements(): Placement[] {
    return this.stores.map((store) => ({
      store,
      isolation: this.isolation,
      cluster: 'default',
      ...placeNames(this.isolation, this.id, store),
    }));
  }

  private asked(
    kind: Kind,
    operationId: string,
    generation: number,
    attempt: number,
    { participants = [this.participant], tenantSeq = this.nextSeq(), alter }: AskOptions,
  ): Asked {
    const { type, desired } = KINDS[kind];
    const data: ParticipantRequest = {
      operationId,
      generation,
      attempt,
      participants: [...participants],
      desired,
      placements: this.placements(),
    };
    // What breaks the contract on purpose travels in the place of what keeps it.
    const sent = (alter ? alter(data) : data) as ParticipantRequest;
    const event = this.event(type, sent, generation, tenantSeq);
    return { tenant: this, kind, operationId, generation, participants, attempt, event };
  }
}
