import { describe, expect, it } from '@jest/globals';
import { waitFor } from '@tenantry/testing';
import { BackgroundLoop } from './background-loop.js';

const FOREVER_MS = 1_000_000;

describe('BackgroundLoop', () => {
  it('makes a round follow when it was woken during one', async () => {
    let rounds = 0;
    const loop = new BackgroundLoop({
      tick: async () => {
        rounds += 1;
        if (rounds === 1) loop.wake();
      },
      intervalMs: FOREVER_MS,
      onError: () => undefined,
    });
    loop.start();
    await waitFor('the second round', () => rounds === 2);
    loop.wake();
    await waitFor('the third round', () => rounds === 3);
    await loop.stop();
  });

  it('reports a failed round and goes on', async () => {
    const errors: unknown[] = [];
    let rounds = 0;
    const loop = new BackgroundLoop({
      tick: async () => {
        rounds += 1;
        if (rounds === 1) throw new Error('no');
      },
      intervalMs: FOREVER_MS,
      onError: (error) => errors.push(error),
    });
    loop.start();
    await waitFor('the round after the failure', () => rounds === 2);
    expect(errors).toHaveLength(1);
    await loop.stop();
  });

  it('is deaf to wakes while it backs off', async () => {
    let rounds = 0;
    const loop = new BackgroundLoop({
      tick: async () => {
        rounds += 1;
        throw new Error('no');
      },
      intervalMs: FOREVER_MS,
      onError: () => undefined,
    });
    loop.start();
    const waking = setInterval(() => loop.wake(), 1);
    await waitFor('the second failure', () => rounds === 2);
    clearInterval(waking);
    expect(rounds).toBe(2);
    await loop.stop();
  });

  it('stops after the running round, and without a start', async () => {
    let release = (): void => undefined;
    let ended = false;
    const loop = new BackgroundLoop({
      tick: async () => {
        await new Promise<void>((resolve) => (release = resolve));
        ended = true;
      },
      intervalMs: FOREVER_MS,
      onError: () => undefined,
    });
    loop.start();
    const stopped = loop.stop();
    release();
    await stopped;
    expect(ended).toBe(true);
    await new BackgroundLoop({ tick: async () => undefined, intervalMs: 1, onError: () => undefined }).stop();
  });
});
