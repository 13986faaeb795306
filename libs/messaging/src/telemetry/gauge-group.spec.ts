import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { recordMetrics, type RecordedMetrics } from '@tenantry/testing';
import { GaugeGroup, type Observe } from './gauge-group.js';

describe('a group of gauges', () => {
  let recorded: RecordedMetrics;
  let reads: number;
  let group: GaugeGroup<'a' | 'b'>;
  beforeEach(() => {
    recorded = recordMetrics();
    reads = 0;
  });
  afterEach(async () => {
    group.stop();
    await recorded.stop();
  });

  function start(
    read: (observe: Observe<'a' | 'b'>) => Promise<void> | void,
    times: { freshMs?: number; patienceMs?: number } = {},
  ): void {
    group = new GaugeGroup({
      meter: 'test',
      gauges: { a: { unit: 's' }, b: {} },
      read: (observe) => {
        reads += 1;
        return read(observe);
      },
      ...times,
    });
    group.start();
  }

  it('is looked up in one go', async () => {
    start((observe) => {
      observe('a', 1, { kind: 'x' });
      observe('a', 2, { kind: 'y' });
      observe('b', reads);
    });
    expect(await recorded.value('a', { kind: 'x' })).toBe(1);
    expect(await recorded.value('a', { kind: 'y' })).toBe(2);
    expect(await recorded.value('b')).toBe(1);
    expect(reads).toBe(1);
  });

  it('is looked up anew when it is old', async () => {
    start((observe) => observe('b', reads), { freshMs: 0 });
    expect(await recorded.value('b')).toBe(1);
    expect(await recorded.value('b')).toBe(2);
  });

  it('is left out, and tried again, where it cannot be looked up', async () => {
    start((observe) => {
      if (reads === 1) throw new Error('the database is away');
      observe('b', 7);
    });
    expect(await recorded.value('b')).toBeUndefined();
    expect(await recorded.value('b')).toBe(7);
  });

  it('keeps no scrape waiting for ever, and shows late what came late', async () => {
    const answer = Promise.withResolvers<void>();
    start(
      async (observe) => {
        await answer.promise;
        observe('b', 7);
      },
      { patienceMs: 1 },
    );
    expect(await recorded.value('b')).toBeUndefined();
    answer.resolve();
    expect(await recorded.value('b')).toBe(7);
    expect(reads).toBe(1);
  });

  it('shows nothing once it has stopped', async () => {
    start((observe) => observe('b', 1));
    expect(await recorded.value('b')).toBe(1);
    group.stop();
    expect(await recorded.value('b')).toBeUndefined();
    expect(reads).toBe(1);
  });
});
