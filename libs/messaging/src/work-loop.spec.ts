import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenantry/testing';
import { WorkLoop } from './work-loop.js';

const HOUR_MS = 3_600_000;

describe('WorkLoop', () => {
  it('runs on while there is work, then waits to be woken', async () => {
    let work = 3;
    let steps = 0;
    const loop = new WorkLoop({
      step: async () => (steps++, work-- > 0),
      minPauseMs: HOUR_MS,
      maxPauseMs: HOUR_MS,
      onError: () => undefined,
    });
    loop.start();
    await waitFor('an idle step', () => steps === 4);
    loop.wake();
    await waitFor('another step', () => steps === 5);
    await loop.stop();
  });

  it('runs once more when it was woken during a step', async () => {
    let steps = 0;
    const loop = new WorkLoop({
      step: async () => {
        if (++steps === 1) loop.wake();
        return false;
      },
      minPauseMs: HOUR_MS,
      maxPauseMs: HOUR_MS,
      onError: () => undefined,
    });
    loop.start();
    await waitFor('two steps', () => steps === 2);
    await loop.stop();
  });

  it('reports an error and goes on', async () => {
    const errors: unknown[] = [];
    let steps = 0;
    const loop = new WorkLoop({
      step: async () => {
        if (++steps === 1) throw new Error('once');
        return false;
      },
      minPauseMs: 1,
      maxPauseMs: 5,
      onError: (error) => errors.push(error),
    });
    loop.start();
    await waitFor('more steps', () => steps > 2);
    await loop.stop();
    expect(errors).toEqual([new Error('once')]);
  });

  it('is deaf to wakes while it backs off', async () => {
    let steps = 0;
    const loop = new WorkLoop({
      step: async () => {
        steps++;
        throw new Error('no');
      },
      minPauseMs: HOUR_MS,
      maxPauseMs: HOUR_MS,
      onError: () => undefined,
    });
    loop.start();
    const waking = setInterval(() => loop.wake(), 1);
    await waitFor('the second failure', () => steps === 2);
    clearInterval(waking);
    expect(steps).toBe(2);
    await loop.stop();
  });

  it('stops without ever having been started', async () => {
    const step = async () => false;
    await new WorkLoop({ step, minPauseMs: 1, maxPauseMs: 1, onError: () => undefined }).stop();
  });

  it('stops after the running step', async () => {
    const gate = Promise.withResolvers<boolean>();
    let steps = 0;
    const loop = new WorkLoop({
      step: () => (steps++, gate.promise),
      minPauseMs: 1,
      maxPauseMs: 1,
      onError: () => undefined,
    });
    loop.start();
    const stopping = loop.stop();
    gate.resolve(true);
    await stopping;
    expect(steps).toBe(1);
  });
});
