import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startOtlpReceiver, waitFor, type OtlpReceiver, type ReceivedSpan } from '@tenantry/testing';
import {
  freePort,
  startSystem,
  testedTransports,
  type AppName,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { randomBytes } from 'node:crypto';
import { TenantSteps, type Accepted } from './tenant-steps.js';

const APPS = ['control-plane', 'data-plane', 'verifier'] as const;
const REQUEST = 'tenant.provisioning_requested.v1';
const ANSWER = 'participant.acknowledged.v1';

/** What is published about a tenant, as far as it is read here. */
interface Published {
  readonly data: readonly { readonly type: string; readonly traceparent: string | null }[];
}

/** Which message a span is about. */
function messageOf({ name, attributes }: ReceivedSpan): string {
  return `${name} ${String(attributes['messaging.message.id'])}`;
}

describe.each(testedTransports())('telemetry on the %s transport', (transport) => {
  const traceId = randomBytes(16).toString('hex');
  const caller = randomBytes(8).toString('hex');
  const metricsPorts: number[] = [];
  let receiver: OtlpReceiver;
  let system: SystemUnderTest;
  let tenantId: string;

  beforeAll(async () => {
    receiver = await startOtlpReceiver();
    const env: Partial<Record<AppName, Record<string, string>>> = {};
    for (const app of APPS) {
      const port = await freePort();
      metricsPorts.push(port);
      env[app] = {
        METRICS_PORT: String(port),
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${app}-0`,
        OTEL_BSP_SCHEDULE_DELAY: '50',
        OTEL_BLRP_SCHEDULE_DELAY: '50',
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
      };
    }
    system = await startSystem({ transport, env });
    const steps = new TenantSteps(system);
    const slug = steps.slug();
    const { status, body } = await system.control
      .with({ traceparent: `00-${traceId}-${caller}-01` })
      .post<Accepted>('/v1/tenants', { slug, name: slug });
    expect(status).toBe(202);
    tenantId = body.tenant.id;
    await steps.reaches(tenantId, 'ACTIVE');
  }, 180_000);
  afterAll(async () => {
    await system?.stop();
    await receiver?.stop();
  });

  const ofTrace = () => receiver.spans.filter((span) => span.traceId === traceId);

  /** The span of the trace that is like this, as soon as it has come. */
  function span(wanted: {
    readonly service: string;
    readonly kind: ReceivedSpan['kind'];
    readonly name: RegExp;
    readonly event?: string;
    readonly below?: ReceivedSpan;
    readonly id?: string | undefined;
  }): Promise<ReceivedSpan> {
    const { service, kind, name, event, below, id } = wanted;
    return waitFor(`the span ${String(name)} of ${service}, about ${event}`, async () =>
      ofTrace().find(
        (one) =>
          one.service === service &&
          one.kind === kind &&
          name.test(one.name) &&
          (event === undefined || one.attributes['cloudevents.event_type'] === event) &&
          (id === undefined || one.spanId === id) &&
          (below === undefined || one.parentSpanId === below.spanId),
      ),
    );
  }

  it('is one trace from the call through outbox, bus and participant to its answer and the end', async () => {
    const control = { service: 'control-plane' } as const;
    const reference = { service: 'reference' } as const;
    const call = await span({ ...control, kind: 'server', name: /^POST \/v1\/tenants$/ });
    expect(call.parentSpanId).toBe(caller);
    const { body } = await system.control.get<Published>(`/v1/tenants/${tenantId}/events`);
    const made = body.data.findLast(({ type }) => type === REQUEST)?.traceparent?.split('-') ?? [];
    const asking = await span({ ...control, kind: 'internal', name: /^reconcile provision$/, id: made[2] });
    expect([made[1], asking.parentSpanId]).toEqual([traceId, call.spanId]);
    await span({ ...control, kind: 'client', name: /^send .*lifecycle/, event: REQUEST, below: asking });
    const taken = await span({
      ...reference,
      kind: 'consumer',
      name: /^process .*lifecycle/,
      event: REQUEST,
      below: asking,
    });
    const work = await span({
      ...reference,
      kind: 'internal',
      name: new RegExp(`^work ${REQUEST}$`),
      below: taken,
    });
    await span({
      ...reference,
      kind: 'client',
      name: /^send .*acknowledgements/,
      event: ANSWER,
      below: work,
    });
    await span({
      ...control,
      kind: 'consumer',
      name: /^process .*acknowledgements/,
      event: ANSWER,
      below: work,
    });
    const ending = await waitFor('the end of the operation', async () =>
      ofTrace().find(({ name, spanId }) => name === 'reconcile provision' && spanId !== asking.spanId),
    );
    expect(ending.parentSpanId).toBe(call.spanId);
    await span({
      ...reference,
      kind: 'consumer',
      name: /^process/,
      event: 'tenant.provisioned.v1',
      below: ending,
    });

    expect(taken.attributes).toMatchObject({
      'messaging.system': transport === 'kafka' ? 'kafka' : 'tenantry',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'reference',
      'cloudevents.event_subject': tenantId,
    });
  }, 60_000);

  it('has nothing in the trace that hangs in the air, and nothing that failed', async () => {
    await waitFor('every span’s parent', async () => {
      const known = new Set([caller, ...ofTrace().map(({ spanId }) => spanId)]);
      return ofTrace().every(({ parentSpanId }) => known.has(parentSpanId ?? ''));
    });
    // Brokers that have only just made a topic may refuse the first try; what failed then was sent again.
    const sent = new Set(ofTrace().flatMap((one) => (one.failed ? [] : messageOf(one))));
    const failed = ofTrace().filter((one) => one.failed);
    expect(failed.filter((one) => !(one.name.startsWith('send ') && sent.has(messageOf(one))))).toEqual([]);
  });

  it('has the log lines in the trace, and says of everything whose it is', async () => {
    const line = await waitFor('the line of the answer', async () =>
      receiver.logs.find((log) => log.traceId === traceId && log.body === 'Answered a request'),
    );
    expect(line).toMatchObject({ service: 'reference', severity: 'info', attributes: { tenantId } });
    await waitFor('metrics', async () => receiver.metrics.has('tenantry_operation_duration_seconds'));
    expect(receiver.resources.get('reference')).toMatchObject({
      'service.namespace': 'tenantry',
      'service.version': expect.any(String),
      'service.instance.id': 'data-plane-0',
    });
  }, 30_000);

  it('names no tenant in any metric', async () => {
    const texts = await Promise.all(
      metricsPorts.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
    );
    const ofTenantry = texts
      .join('\n')
      .split('\n')
      .filter((line) => !line.startsWith('target_info'));
    expect(ofTenantry.filter((line) => /[0-9a-f]{8}-[0-9a-f]{4}-7/.test(line))).toEqual([]);
    for (const name of [
      'tenantry_progress_total',
      'tenantry_tenants',
      'tenantry_relay_messages_total',
      'tenantry_consumer_events_total',
      'tenantry_acknowledgements_pending',
      'tenantry_fence_refusals_total',
      'tenantry_build_info',
    ])
      expect(ofTenantry.some((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))).toBe(
        true,
      );
  });
});
