import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { StepProgress } from './step-progress.js';

describe('the progress of a request', () => {
  let now = 0;
  let clock: ReturnType<typeof jest.spyOn>;
  beforeEach(() => {
    now = 1000;
    clock = jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => clock.mockRestore());

  it('is told at most every two seconds, and never as the end', async () => {
    const told: number[] = [];
    const progress = new StepProgress({ progress: async (percent) => void told.push(percent) }, 4);
    await progress.stepDone();
    expect(told).toEqual([]);
    now += 2000;
    await progress.stepDone();
    now += 1999;
    await progress.within(0.5);
    expect(told).toEqual([50]);
    now += 1;
    await progress.within(0.5);
    expect(told).toEqual([50, 62]);
    now += 2000;
    for (let n = 0; n < 4; n += 1) await progress.stepDone();
    now += 2000;
    await progress.stepDone();
    expect(told.at(-1)).toBe(99);
  });

  it('goes on when it cannot be told', async () => {
    const progress = new StepProgress({ progress: () => Promise.reject(new Error('away')) }, 1);
    now += 2000;
    await expect(progress.stepDone()).resolves.toBeUndefined();
  });
});
