import { afterEach, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { armCrashPoint } from './crash-point.js';

const MODULE = path.join(import.meta.dirname, 'crash-point.ts');

/** A process of its own that arms `order`, passes the points in turn and says how far it has come. */
function passing(order: string | undefined, points: readonly string[]) {
  const program = `
    import { armCrashPoint, crashPoint } from ${JSON.stringify(MODULE)};
    armCrashPoint(${JSON.stringify(order)});
    for (const point of ${JSON.stringify(points)}) { crashPoint(point); console.log(point); }`;
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const passed: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => passed.push(line));
  const ended = once(child, 'close').then(([status, signal]) => ({ passed, status, signal }));
  return { pid: child.pid as number, ended };
}

describe('crashPoint', () => {
  afterEach(() => armCrashPoint(undefined));

  it.each([undefined, '', 'relay.after-delete'])('passes where %p is armed instead', async (order) => {
    const { ended } = passing(order, ['relay.after-send']);
    expect(await ended).toEqual({ passed: ['relay.after-send'], status: 0, signal: null });
  });

  it('ends the process as kill -9 does', async () => {
    const { ended } = passing('relay.after-send', ['relay.before-send', 'relay.after-send']);
    expect(await ended).toMatchObject({ status: null, signal: 'SIGKILL' });
  });

  it('lets the point pass until the time that was ordered', async () => {
    const step = 'kit.provision.migration 0001-roles';
    const { ended } = passing(`${step}:3`, [step, step, step]);
    expect(await ended).toEqual({ passed: [step, step], status: null, signal: 'SIGKILL' });
  });

  it('stops the process once, to go on when it is continued', async () => {
    const { pid, ended } = passing('pause:relay.after-send', ['relay.after-send', 'relay.after-send']);
    const state = () => execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' })[0];
    while (state() !== 'T') await new Promise((resolve) => setTimeout(resolve, 10));
    process.kill(pid, 'SIGCONT');
    expect(await ended).toEqual({
      passed: ['relay.after-send', 'relay.after-send'],
      status: 0,
      signal: null,
    });
  });

  it.each(['pause:', ':2', 'relay.after-send:0', 'relay.after-send:two'])('refuses the order %s', (order) => {
    expect(() => armCrashPoint(order)).toThrow(RangeError);
  });
});
