import { describe, expect, it } from '@jest/globals';
import type { Logger } from '@tenantry/messaging';
import { KeptSubscription } from './kept-subscription.js';

const logger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

describe('a kept subscription', () => {
  it('stops one that failed before it opens the next, even if that fails too', async () => {
    const happened: string[] = [];
    const third = Promise.withResolvers<void>();
    let opened = 0;
    const kept = new KeptSubscription(
      'lifecycle',
      async () => {
        const name = (opened += 1);
        happened.push(`open ${name}`);
        if (name === 3) third.resolve();
        return {
          failed: name === 3 ? new Promise<never>(() => undefined) : Promise.reject(new Error('refused')),
          stop: async () => {
            happened.push(`stop ${name}`);
            await Promise.resolve();
            happened.push(`stopped ${name}`);
            if (name === 2) throw new Error('will not stop');
          },
        };
      },
      logger,
    );
    kept.start();
    await third.promise;
    await kept.stop();
    expect(happened).toEqual(
      [1, 2, 3].flatMap((name) => [`open ${name}`, `stop ${name}`, `stopped ${name}`]),
    );
  });
});
