import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { askedSignals } from './asked-signals.js';

describe('the signals that are asked for', () => {
  const before = process.env;
  beforeEach(() => {
    process.env = Object.fromEntries(Object.entries(before).filter(([name]) => !name.startsWith('OTEL_')));
  });
  afterEach(() => {
    process.env = before;
  });

  it.each<[env: Record<string, string>, asked: string]>([
    [{}, ''],
    [{ OTEL_SERVICE_NAME: 'x', OTEL_RESOURCE_ATTRIBUTES: 'a=b', OTEL_TRACES_SAMPLER: 'always_on' }, ''],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }, 'traces metrics logs'],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces' }, 'traces'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_LOGS_EXPORTER: 'none' }, 'traces metrics'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_METRICS_EXPORTER: 'prometheus' }, 'traces logs'],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, 'traces'],
    [{ OTEL_LOGS_EXPORTER: 'console' }, 'logs'],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'otlp' }, 'metrics'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'true' }, ''],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, ''],
  ])('of %j are: %s', (env, asked) => {
    Object.assign(process.env, env);
    const signals = Object.entries(askedSignals()).flatMap(([signal, wanted]) => (wanted ? signal : []));
    expect(signals.join(' ')).toBe(asked);
  });
});
