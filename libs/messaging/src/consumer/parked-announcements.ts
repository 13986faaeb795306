import type { Parked, Unparked } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import type { LifecycleEnvelope } from '../transport.js';
import {
  acknowledgementEnvelope,
  enqueueAcknowledgementTx,
  UnsendableAcknowledgement,
} from './acknowledgement-outbox.js';
import type { Failure } from './parked-facts.js';
import { storableText } from './storable-text.js';

/** Whose queue it is. */
export interface GroupName {
  readonly participant: string;
  readonly group: string;
}

interface AnnouncedFact {
  readonly tenantId: string;
  readonly seq: bigint;
  readonly event: LifecycleEnvelope;
  /** The redrive, skip or replay that it was tried on. */
  readonly operationId?: string | undefined;
}

/** Of JSON, in characters: what is larger is not repeated in an announcement; the control plane has it in its history. */
const MAX_PAYLOAD_LENGTH = 65_536;

/** Tells the control plane, with the caller's transaction, that a fact holds up its tenant's facts. */
export async function announceParkedTx(
  sql: SqlExecutor,
  name: GroupName,
  fact: AnnouncedFact,
  { attempts, error, stack }: Failure,
): Promise<void> {
  const data = { ...common(name, fact), attempts, error, ...(stack === undefined ? {} : { stack }) };
  await enqueueAcknowledgementTx(sql, parkedEnvelope(name.participant, fact, data));
}

/** Tells it that the fact is out of the way. */
export async function announceUnparkedTx(
  sql: SqlExecutor,
  name: GroupName,
  fact: AnnouncedFact,
  how: Unparked['how'],
): Promise<void> {
  const data = { ...common(name, fact), how };
  await enqueueAcknowledgementTx(
    sql,
    acknowledgementEnvelope('participant.unparked.v1', name.participant, fact.tenantId, data),
  );
}

function parkedEnvelope(participant: string, { tenantId, event }: AnnouncedFact, data: Parked) {
  const bare = (): ReturnType<typeof acknowledgementEnvelope<'participant.parked.v1'>> =>
    acknowledgementEnvelope('participant.parked.v1', participant, tenantId, data);
  const payload = event.data;
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return bare();
  if (JSON.stringify(payload).length > MAX_PAYLOAD_LENGTH) return bare();
  try {
    return acknowledgementEnvelope('participant.parked.v1', participant, tenantId, {
      ...data,
      payload: payload as Record<string, unknown>,
    });
  } catch (error) {
    if (!(error instanceof UnsendableAcknowledgement)) throw error;
    // One level deeper than it came, or larger with the rest: that it is parked must be heard of, its payload need not.
    return bare();
  }
}

function common({ participant, group }: GroupName, { seq, event, operationId }: AnnouncedFact) {
  return {
    participant,
    group,
    tenantSeq: seq.toString(),
    eventId: storableText(event.id, 200) || 'none',
    eventType: storableText(event.type, 200) || 'none',
    ...(operationId === undefined ? {} : { operationId }),
  };
}
