import type { Envelope, StateRecord } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import type {
  ControlPlaneTransport,
  LifecycleEnvelope,
  NewEvent,
  ParticipantTransport,
  Subscription,
} from '@tenantry/messaging';

/** One transport, ready to be put to the test. */
export interface TransportRig {
  readonly control: ControlPlaneTransport;
  /** The side of the named participant, which the rig closes. `alice` and `bob` are known to the control plane, `carol` is not. */
  participant(name: 'alice' | 'bob' | 'carol'): Promise<ParticipantTransport>;
  /** Commits these to the outbox, in order; a running relay publishes them. */
  enqueue(events: readonly NewEvent[]): Promise<void>;
  saveState(record: StateRecord): Promise<void>;
}

/** Something that every transport must do; `run` throws when this one does not. */
export interface TransportCase {
  readonly name: string;
  run(rig: TransportRig): Promise<void>;
}

/** How long anything may take to arrive. */
export const PATIENCE_MS = 40_000;

export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export const updated = (tenantId: string, tenantSeq: number): NewEvent => ({
  tenantId,
  tenantSeq: BigInt(tenantSeq),
  generation: 1,
  type: 'tenant.updated.v1',
  data: { version: tenantSeq, plan: 'free', changed: ['plan'] },
  traceparent: TRACEPARENT,
});

export const stateOf = (tenantId: string, tenantSeq: number): StateRecord => ({
  tenantId,
  slug: 'acme',
  state: 'ACTIVE',
  plan: 'free',
  region: 'default',
  isolation: 'pooled',
  generation: 1,
  version: tenantSeq,
  tenantSeq: String(tenantSeq),
  routes: [],
  updatedAt: '2026-01-01T00:00:00.000Z',
});

export const heartbeat = (participant: string, subject: string, version = '1'): Envelope => ({
  id: newId(),
  source: `/tenantry/participants/${participant}`,
  type: 'participant.heartbeat.v1',
  time: new Date().toISOString(),
  subject,
  data: { participant, capabilities: [], stores: [], version },
});

export const unexpected = async (reason: string, raw: string): Promise<void> => {
  throw new Error(`unexpectedly malformed: ${reason} ${raw}`);
};

/** Keeps what was delivered, and how often. */
export class DeliveryRecord {
  readonly delivered: LifecycleEnvelope[] = [];

  readonly handler = async (event: LifecycleEnvelope): Promise<void> => void this.delivered.push(event);

  /** A tenant's sequences as they came. */
  all(tenantId: string): string[] {
    return this.delivered
      .filter(({ subject }) => subject === tenantId)
      .map(({ tenantSeq }) => tenantSeq ?? '');
  }

  /** The same without repetitions, which every transport may make when members come and go. */
  once(tenantId: string): string[] {
    return [...new Set(this.all(tenantId))];
  }

  /** Whether that many different events of each tenant were delivered. */
  hasAll(tenantIds: readonly string[], count: number): boolean {
    return tenantIds.every((tenantId) => this.once(tenantId).length >= count);
  }
}

export const newTenants = (count: number): string[] => Array.from({ length: count }, newId);

/** From 1, as a tenant's sequence goes. */
export const sequences = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String(index + 1));

export const stopAll = (subscriptions: readonly Subscription[]): Promise<unknown> =>
  Promise.all(subscriptions.map((one) => one.stop()));
