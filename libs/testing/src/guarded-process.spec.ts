import { describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { startGuarded } from './guarded-process.js';
import { waitFor } from './wait-for.js';

const collect = () => {
  const lines: string[] = [];
  return { lines, onLine: (line: string) => lines.push(line) };
};

describe('startGuarded', () => {
  it('passes on lines and the exit status', async () => {
    const { lines, onLine } = collect();
    const child = await startGuarded({
      command: 'sh',
      args: ['-c', 'echo out; echo err >&2; exit 7'],
      onLine,
    });
    expect(await child.ended).toEqual({ status: 7 });
    expect(lines.sort()).toEqual(['err', 'out']);
  });

  it('stops by the stop signal, and by SIGKILL what does not heed it', async () => {
    const heeds = await startGuarded({ command: 'sleep', args: ['60'], onLine: () => undefined });
    expect(await heeds.stop()).toEqual({ status: 128 + 15 });
    const { lines, onLine } = collect();
    const stubborn = await startGuarded({
      command: process.execPath,
      args: ['-e', 'process.on("SIGTERM", () => {}); console.log("deaf"); setInterval(() => {}, 1000)'],
      onLine,
    });
    await waitFor('the process to be deaf', () => lines.includes('deaf'));
    expect(await stubborn.stop(100)).toEqual({ status: 128 + 9 });
  });

  it('kills what the process has started together with it', async () => {
    const { lines, onLine } = collect();
    const family = await startGuarded({
      command: 'sh',
      args: ['-c', 'sleep 60 & echo $!; wait'],
      onLine,
    });
    await waitFor('the child', () => lines.length > 0);
    await family.killAll();
    await waitFor('the child to end', () => !isRunning(Number(lines[0])));
    expect(isRunning(family.pid)).toBe(false);
  });

  it('takes the process along when the one that started it is killed', async () => {
    const source = new URL('./guarded-process.ts', import.meta.url).href;
    const script = `
      const { startGuarded } = await import(${JSON.stringify(source)});
      const child = await startGuarded({ command: 'sleep', args: ['60'], onLine() {} });
      console.log(child.pid);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
    const pid = Number(line);
    expect(isRunning(pid)).toBe(true);
    starter.kill('SIGKILL');
    await waitFor('the orphan to end', () => !isRunning(pid));
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
