import { describe, expect, it } from '@jest/globals';
import { startGuarded } from '@tenantry/testing/servers';
import { keepRunning } from './keep-running.mjs';

const sh = (script) => () => startGuarded({ command: 'sh', args: ['-c', script], onLine: () => {} });

/** Nothing that is awaited for in these tests may take as long as in earnest. */
const PACE = { firstPauseMs: 1, quickDeaths: 3 };

describe('keepRunning', () => {
  it('starts again what ended, until it is stopped', async () => {
    const messages = [];
    let starts = 0;
    let second;
    const restarted = new Promise((resolve) => (second = resolve));
    const start = () => {
      starts += 1;
      if (starts === 2) second();
      return sh(starts === 1 ? 'exit 3' : 'exec sleep 60')();
    };
    const part = await keepRunning('it', start, (message) => messages.push(message), PACE);
    await restarted;
    await part.stop();
    expect(starts).toBe(2);
    expect(messages).toEqual(['it ended unexpectedly with status 3; starting it again in 1 ms']);
  });

  it('gives up after several quick deaths in a row', async () => {
    const part = await keepRunning('it', sh('exit 7'), () => {}, PACE);
    expect(await part.failed).toMatch(
      /^it ended 3 times in a row within 10 s of its start, last with status 7/,
    );
    await part.stop();
  });

  it('reports a start that fails later on', async () => {
    let starts = 0;
    const start = () => (starts++ === 0 ? sh('exit 1')() : Promise.reject(new Error('the disk is full')));
    const part = await keepRunning('it', start, () => {}, PACE);
    expect(await part.failed).toBe('it could not be started again: the disk is full');
    await part.stop();
  });
});
