import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector is told of it. */
export interface ReceivedSpan {
  /** `service.name` of whoever sent it. */
  readonly service: string;
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined where the trace begins. */
  readonly parentSpanId: string | undefined;
  readonly kind: 'internal' | 'server' | 'client' | 'producer' | 'consumer' | 'unspecified';
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A log record as a collector is told of it. */
export interface ReceivedLog {
  readonly service: string;
  readonly severity: string;
  readonly body: unknown;
  readonly traceId: string | undefined;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A collector that takes OTLP over HTTP as JSON (`OTEL_EXPORTER_OTLP_PROTOCOL=http/json`) and keeps everything. */
export interface OtlpReceiver {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  readonly logs: readonly ReceivedLog[];
  /** Of the metrics that came, the names. */
  readonly metrics: ReadonlySet<string>;
  /** The resource attributes of each service that has sent something. */
  readonly resources: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const FAILED = 2;

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const logs: ReceivedLog[] = [];
  const metrics = new Set<string>();
  const resources = new Map<string, Readonly<Record<string, unknown>>>();

  function serviceOf({ resource }: { readonly resource: WithAttributes }): string {
    const attributes = attributesOf(resource);
    const service = String(attributes['service.name']);
    resources.set(service, attributes);
    return service;
  }

  function take(path: string | undefined, sent: Sent): void {
    if (path === '/v1/traces')
      for (const part of sent.resourceSpans ?? []) {
        const service = serviceOf(part);
        spans.push(...part.scopeSpans.flatMap((scope) => scope.spans.map((span) => spanOf(service, span))));
      }
    else if (path === '/v1/logs')
      for (const part of sent.resourceLogs ?? []) {
        const service = serviceOf(part);
        logs.push(...part.scopeLogs.flatMap((scope) => scope.logRecords.map((log) => logOf(service, log))));
      }
    else
      for (const part of sent.resourceMetrics ?? []) {
        serviceOf(part);
        for (const { name } of part.scopeMetrics.flatMap((scope) => scope.metrics)) metrics.add(name);
      }
  }

  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      take(request.url, JSON.parse(body) as Sent);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    logs,
    metrics,
    resources,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Sent {
  readonly resourceSpans?: readonly {
    readonly resource: WithAttributes;
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
  readonly resourceLogs?: readonly {
    readonly resource: WithAttributes;
    readonly scopeLogs: readonly { readonly logRecords: readonly SentLog[] }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly resource: WithAttributes;
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

interface SentValue {
  readonly stringValue?: string;
  readonly intValue?: string | number;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
}

interface WithAttributes {
  readonly attributes?: readonly { readonly key: string; readonly value: SentValue }[];
}

interface SentSpan extends WithAttributes {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly kind?: number;
  readonly status?: { readonly code?: number };
}

interface SentLog extends WithAttributes {
  readonly severityText?: string;
  readonly body?: SentValue;
  readonly traceId?: string;
}

function spanOf(service: string, span: SentSpan): ReceivedSpan {
  const { name, traceId, spanId, parentSpanId, kind = 0, status } = span;
  return {
    service,
    name,
    traceId,
    spanId,
    parentSpanId: parentSpanId === '' ? undefined : parentSpanId,
    kind: KINDS[kind] ?? 'unspecified',
    failed: status?.code === FAILED,
    attributes: attributesOf(span),
  };
}

function logOf(service: string, log: SentLog): ReceivedLog {
  const { severityText = '', body, traceId } = log;
  return {
    service,
    severity: severityText,
    body: body && valueOf(body),
    traceId: traceId === '' ? undefined : traceId,
    attributes: attributesOf(log),
  };
}

function attributesOf({ attributes = [] }: WithAttributes): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf({ stringValue, intValue, doubleValue, boolValue }: SentValue): unknown {
  return stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue) : Number(intValue));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
