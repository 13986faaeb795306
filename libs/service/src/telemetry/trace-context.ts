import { formatTraceparent, parseTraceparent } from '@tenantry/messaging';
import { randomBytes } from 'node:crypto';

/** The identity of a trace (W3C Trace Context) and our own place in it. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** What to hand on to whoever we call or tell. */
  readonly traceparent: string;
}

/** Continues the caller's trace, or begins one when the header is missing or malformed. */
export function continueTrace(header: string | undefined): TraceContext {
  const { traceId = randomBytes(16).toString('hex'), traceFlags = 1 } = parseTraceparent(header) ?? {};
  const spanId = randomBytes(8).toString('hex');
  return { traceId, traceparent: formatTraceparent({ traceId, spanId, traceFlags }) };
}
