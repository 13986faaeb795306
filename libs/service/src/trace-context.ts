import { randomBytes } from 'node:crypto';

/** The identity of a trace (W3C Trace Context) and our own place in it. */
export interface TraceContext {
  /** 32 hex digits. */
  readonly traceId: string;
  /** What to hand on to whoever we call or tell. */
  readonly traceparent: string;
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Continues the caller's trace, or begins one when the header is missing or malformed. */
export function continueTrace(header: string | undefined): TraceContext {
  const match = header && !header.startsWith('ff') ? TRACEPARENT.exec(header) : null;
  const known = match?.[1] !== undefined && !/^0+$/.test(match[1]) && !/^0+$/.test(match[2] ?? '0');
  const traceId = known ? (match[1] as string) : randomBytes(16).toString('hex');
  const flags = known ? (match[3] as string) : '01';
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}` };
}
