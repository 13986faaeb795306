import { newId } from '@tenantry/kernel';

interface MalformedEnvelope {
  readonly what: string;
  readonly seq: string;
  readonly envelope: unknown;
}

const DEEP = 500;

/** What can stand in the event history and is no lifecycle event. */
export function malformedEnvelopes(tenantId: string, nextSeq: () => string): readonly MalformedEnvelope[] {
  const sound = (seq: string): Record<string, unknown> => ({
    id: newId(),
    source: '/tenantry/control-plane',
    type: 'tenant.updated.v1',
    time: new Date().toISOString(),
    subject: tenantId,
    tenantSeq: seq,
    data: { version: 1, plan: 'free', changed: [] },
  });
  const one = (what: string, change: (envelope: Record<string, unknown>) => unknown): MalformedEnvelope => {
    const seq = nextSeq();
    return { what, seq, envelope: change(sound(seq)) };
  };
  const without = (name: string) =>
    one(`no ${name}`, (envelope) =>
      Object.fromEntries(Object.entries(envelope).filter(([key]) => key !== name)),
    );
  const having = (what: string, fields: Record<string, unknown>) =>
    one(what, (envelope) => ({ ...envelope, ...fields }));
  let deep: unknown = [];
  for (let level = 0; level < DEEP; level++) deep = [deep];
  return [
    one('a text', () => 'provision it'),
    one('a list', () => []),
    one('an empty object', () => ({})),
    ...['id', 'source', 'type', 'time', 'subject', 'tenantSeq', 'data'].map(without),
    having('a type that is no text', { type: 7 }),
    having('a subject that is no tenant id', { subject: 'initech' }),
    having('a tenantSeq that is no number', { tenantSeq: 'seven' }),
    having('a negative tenantSeq', { tenantSeq: '-1' }),
    having('a tenantSeq beyond 64 bits', { tenantSeq: '9'.repeat(30) }),
    having('a payload nested very deep', { data: deep }),
  ];
}
