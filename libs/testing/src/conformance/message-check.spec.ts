import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { heardText } from './embedded-acknowledgement.js';
import { binaryMessage, heardFrom, structuredMessage } from './kafka-message.js';
import { isReadableAnswer, problemsOf } from './message-check.js';
import type { Heard } from './wire.js';

const tenantId = newId();
const answer = {
  id: newId(),
  source: '/tenantry/participants/billing',
  type: 'participant.acknowledged.v1',
  time: '2026-01-01T00:00:00.000Z',
  subject: tenantId,
  generation: '3',
  data: {
    operationId: newId(),
    generation: 3,
    attempt: 1,
    participant: 'billing',
    outcome: 'succeeded',
    evidence: {},
  },
};

/** As a broker hands it out: everything is bytes. */
const fromKafka = (message: ReturnType<typeof binaryMessage>): Heard =>
  heardFrom('billing', {
    key: Buffer.from(message.key as string),
    value: Buffer.from(message.value as string),
    headers: Object.fromEntries(
      Object.entries(message.headers ?? {}).map(([name, value]) => [name, Buffer.from(value as string)]),
    ),
    timestamp: '0',
    attributes: 0,
    offset: '0',
  });

describe('a message of a participant', () => {
  it.each([
    ['in binary mode', fromKafka(binaryMessage(answer))],
    ['in structured mode', fromKafka(structuredMessage(answer))],
    ['through the embedded transport', heardText('billing', tenantId, JSON.stringify(answer))],
  ])('is in order %s', (_mode, heard) => {
    expect(problemsOf(heard, 'billing')).toEqual([]);
    expect(isReadableAnswer(heard, 'billing')).toBe(true);
  });

  it.each([
    ['no id', { ...answer, id: '' }, 'id is missing'],
    ['a time of its own making', { ...answer, time: 'yesterday' }, 'RFC 3339'],
    ['a type that is not its', { ...answer, type: 'tenant.purged.v1' }, "none of a participant's"],
    ['another subject than a tenant', { ...answer, subject: 'initech' }, "the tenant's id"],
    ['another generation in the envelope', { ...answer, generation: '4' }, 'attribute generation'],
    ['an outcome that is none', { ...answer, data: { ...answer.data, outcome: 'done' } }, 'outcome'],
    [
      'a property too much',
      { ...answer, data: { ...answer.data, retriable: true } },
      'additional properties',
    ],
    [
      'the name of another',
      { ...answer, data: { ...answer.data, participant: 'mail' } },
      'names participant mail',
    ],
  ])('is found fault with for %s', (_what, envelope, reason) => {
    const problems = problemsOf(heardText('billing', envelope.subject, JSON.stringify(envelope)), 'billing');
    expect(problems.join()).toContain(reason);
  });

  it('is found fault with on Kafka for a key that is not its subject, and for what is no JSON', () => {
    expect(problemsOf(fromKafka({ ...binaryMessage(answer), key: 'other' }), 'billing').join()).toContain(
      'the key',
    );
    expect(problemsOf(fromKafka({ ...binaryMessage(answer), value: '{' }), 'billing')).toEqual([
      'the value is no JSON',
    ]);
    const bare = { ...binaryMessage(answer), headers: {} };
    expect(problemsOf(fromKafka(bare), 'billing').join()).toContain('specversion is not 1.0');
  });

  it('is readable with a property too much, and is not with the name of another', () => {
    const said = (data: object): Heard => heardText('billing', tenantId, JSON.stringify({ ...answer, data }));
    expect(isReadableAnswer(said({ ...answer.data, retriable: true }), 'billing')).toBe(true);
    expect(isReadableAnswer(said({ ...answer.data, participant: 'mail' }), 'billing')).toBe(false);
  });
});
