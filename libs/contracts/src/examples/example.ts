import { createHash } from 'node:crypto';
import { STATE_RECORD_TYPE, type MessageType, type Payload } from '../messages.js';
import type { Envelope } from '../envelope.js';

/** An example of a message: what it shows, and the message whole. */
export interface Example<T extends MessageType = MessageType> {
  /** For people, a few words. */
  readonly name: string;
  readonly envelope: Envelope<T, Payload<T>>;
}

/** Examples of several types, at least one of each. */
export type ExamplesOf<T extends MessageType> = {
  readonly [K in T]: readonly [Example<K>, ...Example<K>[]];
};

/** The tenant of the examples. */
export const TENANT_ID = '0199f2a4-7c1e-7a30-8f54-3d6a0f9b2c11';

/** Its operations, each with a generation of its own but the last two, of which there is either. */
export const OPERATIONS = {
  provision: { operationId: '0199f2a4-7c21-7b02-9d4e-51c7a8e0b6f2', generation: 1 },
  suspend: { operationId: '0199f2a6-10b3-7c44-8a1f-2f9e6d5c4b3a', generation: 2 },
  reactivate: { operationId: '0199f2a8-55c9-7d10-b2e3-a4f5061728c9', generation: 3 },
  delete: { operationId: '0199f2aa-9e07-7e66-93d8-c1b2a3f4e5d6', generation: 4 },
  cancelDeletion: { operationId: '0199f2ae-31f5-7f2a-8c47-7d6e5f4a3b2c', generation: 5 },
  purge: { operationId: '0199f2b0-03d4-7c58-a1b3-6e2f94d7c085', generation: 5 },
} as const;
/** Of a redrive, a skip or a replay. */
export const RECOVERY_ID = '0199f2b4-11aa-7d06-b7c2-0a4f5e6d7c88';
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

/** An identifier that stays an example's own, whatever comes before it. */
function exampleId(type: string, name: string): string {
  const digest = createHash('sha256').update(`${type} ${name}`).digest('hex');
  return `0199f2a4-8000-7000-8000-${digest.slice(0, 12)}`;
}

interface Place {
  readonly seq: number;
  readonly generation: number;
}

/** A lifecycle event or a state record of the control plane about the example's tenant. */
export function written<T extends MessageType>(
  name: string,
  type: T,
  { seq, generation }: Place,
  data: Payload<T>,
): Example<T> {
  const envelope: Envelope<T, Payload<T>> = {
    id: exampleId(type, name),
    source: '/tenantry/control-plane',
    type,
    time: `2026-01-15T09:30:${String(seq).padStart(2, '0')}.000Z`,
    subject: TENANT_ID,
    tenantSeq: String(seq),
    generation: String(generation),
    // A record may be made of many changes at once; then it continues no one's trace.
    ...(type === STATE_RECORD_TYPE ? {} : { traceparent: `00-${TRACE}-00f067aa0ba902b7-01` }),
    data,
  };
  return { name, envelope };
}

/** A message of the participant `billing`, about the example's tenant unless it is about itself. */
export function answered<T extends MessageType>(
  name: string,
  type: T,
  generation: number | undefined,
  data: Payload<T>,
  subject = TENANT_ID,
): Example<T> {
  const envelope: Envelope<T, Payload<T>> = {
    id: exampleId(type, name),
    source: '/tenantry/participants/billing',
    type,
    time: '2026-01-15T09:31:00.000Z',
    subject,
    ...(generation === undefined
      ? {}
      : { generation: String(generation), traceparent: `00-${TRACE}-b7ad6b7169203331-01` }),
    data,
  };
  return { name, envelope };
}
