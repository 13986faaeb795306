import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Span,
} from '@opentelemetry/api';
import { activeTracer, formatTraceparent } from '@tenantry/messaging';
import { requestPath, type HttpRequest, type HttpResponse } from '../http-message.js';
import type { TraceContext } from './trace-context.js';

/** Asked every few seconds, for ever. */
const UNTRACED = new Set(['/livez', '/readyz', '/healthz']);

/** The request being answered, as a piece of its trace. */
export interface RequestSpan {
  /** Where it is in the trace: what it causes is below. */
  readonly place: TraceContext;
  /** Runs the rest of the request in it. */
  run(rest: () => void): void;
}

/**
 * Begins the span of a request, which ends with the answer; undefined while nobody takes spans, and for probes. The caller's trace is
 * continued as `OTEL_PROPAGATORS` says. Names and attributes follow OpenTelemetry's semantic conventions for HTTP servers; the query string
 * is left out, since it may hold personal data.
 */
export function startRequestSpan(request: HttpRequest, response: HttpResponse): RequestSpan | undefined {
  const tracer = activeTracer();
  const path = requestPath(request);
  if (!tracer || UNTRACED.has(path)) return undefined;
  const method = request.method ?? '';
  const above = propagation.extract(ROOT_CONTEXT, request.headers);
  const span = tracer.startSpan(
    method,
    {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': method, 'url.path': path, 'url.scheme': 'http' },
    },
    above,
  );
  response.once('close', () => end(span, method, request, response));
  const { traceId } = span.spanContext();
  return {
    place: { traceId, traceparent: formatTraceparent(span.spanContext()) },
    run: (rest) => context.with(trace.setSpan(above, span), rest),
  };
}

function end(
  span: Span,
  method: string,
  request: HttpRequest,
  { statusCode, writableFinished }: HttpResponse,
): void {
  const route = request.route?.path;
  if (route !== undefined) {
    span.updateName(`${method} ${route}`);
    span.setAttribute('http.route', route);
  }
  if (writableFinished) span.setAttribute('http.response.status_code', statusCode);
  if (statusCode >= 500 || !writableFinished) {
    span.setAttribute('error.type', writableFinished ? String(statusCode) : 'aborted');
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}
