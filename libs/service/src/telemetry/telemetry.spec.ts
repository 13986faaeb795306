import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { context, diag, logs, metrics, propagation, trace } from '@opentelemetry/api';
import { startOtlpReceiver, waitFor, type OtlpReceiver } from '@tenantry/testing';
import { createLogger } from '../logger.js';
import { startTelemetry, stopTelemetry } from './telemetry.js';

const lines: string[] = [];
const logger = createLogger({ service: 'test' }, { write: (line) => void lines.push(line) });
const here = { service: 'billing', version: '1.2.3', host: '127.0.0.1', port: 'off', logger } as const;

describe('telemetry', () => {
  const before = process.env;
  let receiver: OtlpReceiver;
  beforeEach(async () => {
    lines.length = 0;
    receiver = await startOtlpReceiver();
    process.env = Object.fromEntries(Object.entries(before).filter(([name]) => !name.startsWith('OTEL_')));
    process.env['OTEL_EXPORTER_OTLP_PROTOCOL'] = 'http/json';
  });
  afterEach(async () => {
    await stopTelemetry();
    for (const api of [trace, metrics, logs, context, propagation, diag]) api.disable();
    await receiver.stop();
    process.env = before;
  });

  it('is sent as the variables ask: spans, log lines in them, and metrics, with whose they are', async () => {
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=staging',
    });
    await startTelemetry(here);
    metrics.getMeter('test').createCounter('tenantry_things_total').add(1);
    trace.getTracer('test').startActiveSpan('work', (span) => {
      logger.warn({ tenantId: 't', password: 'hidden', err: new RangeError('broken') }, 'it went wrong');
      span.end();
    });
    logger.info('beside it');
    await stopTelemetry();

    const [span] = receiver.spans;
    expect(span).toMatchObject({ service: 'billing', name: 'work', parentSpanId: undefined });
    expect(receiver.logs).toMatchObject([
      {
        severity: 'warn',
        body: 'it went wrong',
        traceId: span?.traceId,
        attributes: {
          tenantId: 't',
          password: '[redacted]',
          'exception.type': 'RangeError',
          'exception.message': 'broken',
        },
      },
      { severity: 'info', body: 'beside it', traceId: undefined },
    ]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ traceId: span?.traceId, spanId: span?.spanId });
    expect([...receiver.metrics]).toEqual(
      expect.arrayContaining(['tenantry_things_total', 'tenantry_build_info']),
    );
    expect(receiver.resources.get('billing')).toMatchObject({
      'service.namespace': 'tenantry',
      'service.version': '1.2.3',
      'service.instance.id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'deployment.environment.name': 'staging',
    });
  });

  it('is not sent at all unless somebody asks', async () => {
    await startTelemetry(here);
    trace.getTracer('test').startActiveSpan('work', (span) => {
      logger.warn('it went wrong');
      span.end();
    });
    await stopTelemetry();
    expect([receiver.spans, receiver.logs, [...receiver.metrics]]).toEqual([[], [], []]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('traceId');
  });

  it('sends what is asked for, and the rest not', async () => {
    process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] = `${receiver.url}/v1/traces`;
    await startTelemetry(here);
    trace.getTracer('test').startActiveSpan('work', (span) => {
      logger.warn('it went wrong');
      span.end();
    });
    await stopTelemetry();
    expect(receiver.spans).toHaveLength(1);
    expect([receiver.logs, [...receiver.metrics]]).toEqual([[], []]);
  });

  it('keeps nobody from leaving when the collector is away, and says so', async () => {
    Object.assign(process.env, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '20',
      OTEL_BSP_SCHEDULE_DELAY: '1',
    });
    await startTelemetry(here);
    trace.getTracer('test').startSpan('work').end();
    await waitFor('a complaint', async () => lines.some((line) => line.includes('telemetry has a problem')));
    trace.getTracer('test').startSpan('work').end();
    await stopTelemetry();
    expect(lines.join('')).toMatch(/the last telemetry could not be sent/);
  });
});
