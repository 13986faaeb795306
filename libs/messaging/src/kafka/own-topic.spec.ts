import { describe, expect, it } from '@jest/globals';
import { OwnTopic } from './own-topic.js';

/** As kafkajs throws it: what the broker answered is a cause of what it gave up with. */
const failure = (type: string): Error =>
  new Error('gave up', { cause: Object.assign(new Error(type), { type }) });

function ownTopic(...answers: (Error | undefined)[]) {
  const made: string[] = [];
  const errors: unknown[] = [];
  const own = new OwnTopic(
    'dave',
    async () => {
      made.push('asked');
      return answers.shift();
    },
    {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: (fields) => void errors.push(fields),
    },
  );
  return { own, made, errors };
}

describe('OwnTopic', () => {
  it.each(['UNKNOWN_TOPIC_OR_PARTITION', 'TOPIC_AUTHORIZATION_FAILED'])(
    'is made when a send failed with %s',
    async (type) => {
      const { own, made, errors } = ownTopic();
      await own.mend(failure(type));
      expect(made).toEqual(['asked']);
      expect(errors).toEqual([]);
    },
  );

  it('is left alone when a send failed for another reason', async () => {
    const { own, made } = ownTopic();
    await own.mend(failure('NOT_LEADER_FOR_PARTITION'));
    await own.mend(new Error('the connection is closed'));
    await own.mend('no error at all');
    expect(made).toEqual([]);
  });

  it('is reported once where it may not be made, and again when that changes', async () => {
    const refusal = new Error('not authorized');
    const { own, errors } = ownTopic(refusal, refusal, undefined, refusal);
    for (let attempt = 1; attempt <= 4; attempt++) await own.mend(failure('UNKNOWN_TOPIC_OR_PARTITION'));
    expect(errors).toEqual([
      { err: refusal, participant: 'dave' },
      { err: refusal, participant: 'dave' },
    ]);
  });
});
