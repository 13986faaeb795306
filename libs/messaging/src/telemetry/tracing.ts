import {
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanKind,
  type Tracer,
} from '@opentelemetry/api';
import { formatTraceparent, parseTraceparent } from './trace-parent.js';

/** A piece of somebody's trace. */
export interface Traced {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  /** The `traceparent` of what caused it; without one there is no span. */
  readonly parent: string | undefined;
}

/** What makes spans in this process; undefined while nobody takes them, and then nothing of tracing is done at all. */
export function activeTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return provider instanceof ProxyTracerProvider
    ? provider.getDelegateTracer('@tenantry/messaging')
    : provider.getTracer('@tenantry/messaging');
}

/** Runs `work` as a piece of the trace that caused it: what it does, and tells others, is below that. */
export function inSpan<T>(traced: Traced, work: () => Promise<T>): Promise<T> {
  const span = startSpan(activeTracer(), traced);
  if (!span) return work();
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work();
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Runs `work` once as a piece of many traces, such as the sending of a batch. */
export async function inSpans<T>(many: () => readonly Traced[], work: () => Promise<T>): Promise<T> {
  const tracer = activeTracer();
  if (!tracer) return work();
  const spans = many().flatMap((traced) => startSpan(tracer, traced) ?? []);
  try {
    return await work();
  } catch (error) {
    for (const span of spans) markFailed(span, error);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

/**
 * The `traceparent` to hand on: this process's own place in the trace of `cause`, where it has one; else `cause` itself. Work that
 * happens to be done inside another trace does not change sides.
 */
export function traceparentFor(cause: string | undefined): string | undefined {
  const active = trace.getSpanContext(context.active());
  if (!active || cause === undefined) return cause;
  return parseTraceparent(cause)?.traceId === active.traceId ? formatTraceparent(active) : cause;
}

function startSpan(tracer: Tracer | undefined, { name, kind, attributes, parent }: Traced): Span | undefined {
  if (!tracer) return undefined;
  const above = contextOf(parent);
  return above && tracer.startSpan(name, { kind, attributes }, above);
}

function contextOf(parent: string | undefined): Context | undefined {
  const cause = parseTraceparent(parent);
  if (!cause) return undefined;
  const active = trace.getSpanContext(context.active());
  return active?.traceId === cause.traceId ? context.active() : trace.setSpanContext(ROOT_CONTEXT, cause);
}

/** Notes in the piece that is being done, if there is one, that a step of it was passed just now. */
export function noteStep(step: string): void {
  trace.getActiveSpan()?.addEvent(step);
}

/** Marks the piece that is being done as failed, where the failure is an answer and nothing is thrown. */
export function markActiveFailed(error: unknown): void {
  const span = trace.getActiveSpan();
  if (span) markFailed(span, error);
}

/** By the error's name alone: its words may hold what is nobody's business. */
function markFailed(span: Span, error: unknown): void {
  span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
