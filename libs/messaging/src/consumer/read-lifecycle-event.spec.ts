import { describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { requestEvent } from '@tenantry/testing';
import fc from 'fast-check';
import type { LifecycleEnvelope } from '../transport.js';
import { readLifecycleEvent } from './read-lifecycle-event.js';

const valid = requestEvent({ tenantId: newId(), seq: 7 });

describe('readLifecycleEvent', () => {
  it('reads a request with its place', () => {
    expect(readLifecycleEvent(valid)).toMatchObject({
      kind: 'request',
      tenantId: valid.subject,
      seq: 7n,
      request: valid.data,
    });
  });

  it('lets optional additions of a newer writer pass', () => {
    expect(readLifecycleEvent({ ...valid, data: { ...valid.data, addedLater: true } }).kind).toBe('request');
  });

  it.each(['0', '-1', '1.5', '', 'x', '9223372036854775808', undefined])(
    'finds no place in the sequence %p',
    (tenantSeq) => {
      const { tenantSeq: _, ...event } = valid;
      expect(readLifecycleEvent(tenantSeq === undefined ? event : { ...event, tenantSeq }).kind).toBe(
        'without-place',
      );
    },
  );

  it('accepts the highest sequence that Postgres can hold', () => {
    expect(readLifecycleEvent({ ...valid, tenantSeq: '9223372036854775807' })).toMatchObject({
      seq: 2n ** 63n - 1n,
    });
  });

  it.each(['tenant.resurrected.v1', 'participant.heartbeat.v1', 'tenant.state.v1', 'constructor', ''])(
    'knows no lifecycle event %p',
    (type) => {
      expect(readLifecycleEvent({ ...valid, type }).kind).toBe('unreadable');
    },
  );

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.string(),
        fc.option(fc.string(), { nil: undefined }),
        fc.boolean(),
        (data, text, seq, known) => {
          const event = {
            ...valid,
            subject: known ? valid.subject : text,
            type: known ? valid.type : text,
            data,
          } as LifecycleEnvelope;
          expect(readLifecycleEvent(seq === undefined ? event : { ...event, tenantSeq: seq }).kind).not.toBe(
            'fact',
          );
        },
      ),
    );
  });
});
