import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { metrics } from '@opentelemetry/api';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '../logger.js';
import { parseMetricsPort, startMetrics, type ServedMetrics } from './metrics.js';

const lines: string[] = [];
const logger = createLogger({ service: 'test' }, { write: (line) => void lines.push(line) });
const here = { service: 'billing', version: '1.2.3', host: '127.0.0.1', port: 0, logger } as const;

describe('metrics', () => {
  let served: ServedMetrics | undefined;
  beforeEach(() => {
    lines.length = 0;
  });
  afterEach(() => served?.stop());

  async function scrape(): Promise<string> {
    return (await fetch(served?.url ?? '', { headers: { connection: 'close' } })).text();
  }

  it('serves every instrument under its own name, and whose they are', async () => {
    served = await startMetrics(here);
    metrics.getMeter('a').createCounter('tenantry_things_total', { unit: '1' }).add(2, { kind: 'x' });
    metrics
      .getMeter('b')
      .createObservableGauge('tenantry_age_seconds', { unit: 's' })
      .addCallback((result) => result.observe(1.5));
    const text = await scrape();
    expect(text).toMatch(/^tenantry_things_total\{kind="x"\} 2$/m);
    expect(text).toMatch(/^tenantry_age_seconds 1.5$/m);
    expect(text).toMatch(/target_info\{.*service_name="billing".*service_namespace="tenantry"/);
    expect(text).toMatch(/service_version="1.2.3"/);
    expect(text).toMatch(/service_instance_id="[0-9a-f-]{36}"/);
    expect(text).toMatch(/^tenantry_build_info\{version="1.2.3"\} 1$/m);
  });

  it('shows what is looked up as it is, and what ended no more', async () => {
    served = await startMetrics(here);
    const shown = new Map([['a', 1]]);
    metrics
      .getMeter('a')
      .createObservableGauge('tenantry_shown')
      .addCallback((result) => shown.forEach((value, name) => result.observe(value, { name })));
    metrics.getMeter('a').createGauge('tenantry_noted').record(7);
    expect(await scrape()).toMatch(/^tenantry_shown\{name="a"\} 1$/m);
    shown.delete('a');
    shown.set('b', 2);
    const text = await scrape();
    expect(text).toMatch(/^tenantry_shown\{name="b"\} 2$/m);
    expect(text).not.toMatch(/name="a"/);
    expect(text).toMatch(/^tenantry_noted 7$/m);
  });

  it('answers nothing else', async () => {
    served = await startMetrics(here);
    const answer = await fetch(new URL('/', served.url), { headers: { connection: 'close' } });
    expect(answer.status).toBe(404);
  });

  it('can be off', async () => {
    served = await startMetrics({ ...here, port: 'off' });
    expect(served.url).toBeUndefined();
    expect(lines).toEqual([]);
  });

  it('lets the process go on when the port is taken, and says so', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    served = await startMetrics({ ...here, port });
    expect(served.url).toBeUndefined();
    expect(lines.join('')).toMatch(/"level":"error".*metrics cannot be served/);
    await new Promise((resolve) => other.close(resolve));
  });
});

describe('METRICS_PORT', () => {
  it.each([
    ['9464', 9464],
    ['0', 0],
    ['off', 'off'],
  ])('may be %s', (raw, port) => {
    expect(parseMetricsPort(raw)).toBe(port);
  });

  it.each(['65536', '-1', '1.5', 'on', ''])('may not be %j', (raw) => {
    expect(() => parseMetricsPort(raw)).toThrow(RangeError);
  });
});
