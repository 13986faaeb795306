import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { recordSpans, type RecordedSpans } from '@tenantry/testing';
import { formatTraceparent } from './trace-parent.js';
import { inSpan, inSpans, noteStep, traceparentFor, type Traced } from './tracing.js';

const CAUSE = '00-0123456789abcdef0123456789abcdef-00f067aa0ba902b7-01';
const OTHER = '00-fedcba9876543210fedcba9876543210-00f067aa0ba902b7-01';

const traced = (parent: string | undefined, name = 'work'): Traced => ({
  name,
  kind: SpanKind.INTERNAL,
  attributes: {},
  parent,
});

describe('a traced piece of work', () => {
  let recorded: RecordedSpans;
  beforeEach(() => {
    recorded = recordSpans();
  });
  afterEach(() => recorded.stop());

  it('is below what caused it, and what it causes is below it', async () => {
    const handedOn = await inSpan(traced(CAUSE, 'outer'), async () => {
      await inSpan(traced(CAUSE, 'inner'), async () => undefined);
      return traceparentFor(CAUSE);
    });
    const [inner, outer] = recorded.ended();
    expect(outer?.parentSpanContext).toMatchObject({ spanId: '00f067aa0ba902b7', isRemote: true });
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(handedOn).toBe(formatTraceparent(outer!.spanContext()));
    expect(handedOn?.slice(0, 35)).toBe(CAUSE.slice(0, 35));
  });

  it('stays in its own trace inside of another', async () => {
    await inSpan(traced(CAUSE, 'outer'), async () => {
      expect(traceparentFor(OTHER)).toBe(OTHER);
      await inSpan(traced(OTHER, 'inner'), async () => undefined);
    });
    expect(recorded.ended()[0]?.parentSpanContext?.traceId).toBe(OTHER.slice(3, 35));
  });

  it.each([undefined, 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`])(
    'is none without a cause: %j',
    async (parent) => {
      const active = await inSpan(traced(parent), async () => trace.getActiveSpan());
      expect(active).toBeUndefined();
      expect(traceparentFor(parent)).toBe(parent);
      expect(recorded.ended()).toEqual([]);
    },
  );

  it('says that it failed by the name of the error alone', async () => {
    const failing = inSpan(traced(CAUSE), () => Promise.reject(new RangeError('of a secret')));
    await expect(failing).rejects.toThrow('of a secret');
    const [span] = recorded.ended();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(span?.attributes).toEqual({ 'error.type': 'RangeError' });
    expect(span?.events).toEqual([]);
  });

  it('can be a piece of many', async () => {
    const many = () => [traced(CAUSE), traced(undefined), traced(OTHER)];
    await expect(inSpans(many, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(recorded.ended().map((span) => span.parentSpanContext?.traceId)).toEqual([
      CAUSE.slice(3, 35),
      OTHER.slice(3, 35),
    ]);
    expect(recorded.ended().every((span) => span.status.code === SpanStatusCode.ERROR)).toBe(true);
  });

  it('shows its steps', async () => {
    noteStep('of nothing');
    await inSpan(traced(CAUSE), async () => noteStep('provision.schema'));
    expect(recorded.ended().map(({ events }) => events.map(({ name }) => name))).toEqual([
      ['provision.schema'],
    ]);
  });

  it('is recorded only where its cause is', async () => {
    const unsampled = CAUSE.replace(/01$/, '00');
    const handedOn = await inSpan(traced(unsampled), async () => traceparentFor(unsampled));
    expect(handedOn).toMatch(/-00$/);
    expect(recorded.ended()).toEqual([]);
  });
});

describe('without anybody who takes spans', () => {
  it('there are none, and the cause is handed on as it came', async () => {
    const active = await inSpan(traced(CAUSE), async () => [trace.getActiveSpan(), traceparentFor(CAUSE)]);
    expect(active).toEqual([undefined, CAUSE]);
    const asked: string[] = [];
    await inSpans(
      () => {
        asked.push('what they would be');
        return [];
      },
      async () => undefined,
    );
    expect(asked).toEqual([]);
  });
});
