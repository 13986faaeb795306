import { describe, expect, it } from '@jest/globals';
import { continueTrace } from './trace-context.js';

const TRACE = '0123456789abcdef0123456789abcdef';

describe('continueTrace', () => {
  it('keeps the trace and its flags, and hands on a span of its own', () => {
    const { traceId, traceparent } = continueTrace(`00-${TRACE}-00f067aa0ba902b7-00`);
    expect(traceId).toBe(TRACE);
    expect(traceparent).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    expect(traceparent).not.toContain('00f067aa0ba902b7');
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
  ])('begins a new trace for %j', (header) => {
    const { traceId, traceparent } = continueTrace(header);
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(traceId).not.toBe(TRACE);
    expect(traceparent.split('-')[1]).toBe(traceId);
  });
});
