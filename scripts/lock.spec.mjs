import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { holdLock, LockHeldError } from './lock.mjs';

describe('holdLock', () => {
  let folder;
  let file;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lock-'));
    file = path.join(folder, 'lock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const inAnotherProcess = (code) => {
    const script = `import { holdLock } from ${JSON.stringify(path.join(import.meta.dirname, 'lock.mjs'))};
      import fs from 'node:fs';
      const [file, count] = ${JSON.stringify([file, path.join(folder, 'count')])};
      const release = await holdLock(file, { wait: true });
      ${code}`;
    return once(spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' }), 'exit');
  };

  it('says who holds it, and is free again after the release', async () => {
    const release = await holdLock(file);
    await expect(holdLock(file)).rejects.toMatchObject({ constructor: LockHeldError, pid: process.pid });
    release();
    (await holdLock(file))();
  });

  it('takes over from a holder that was killed, and from one whose process id is another program now', async () => {
    await inAnotherProcess("process.kill(process.pid, 'SIGKILL');");
    (await holdLock(file))();
    await writeFile(file, JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    (await holdLock(file))();
  });

  it('lets one at a time through, also when all find a dead holder', async () => {
    await inAnotherProcess("process.kill(process.pid, 'SIGKILL');");
    await writeFile(path.join(folder, 'count'), '0');
    const increment = `const before = Number(fs.readFileSync(count, 'utf8'));
      await new Promise((resolve) => setImmediate(resolve));
      fs.writeFileSync(count, String(before + 1));
      release();`;
    await Promise.all(Array.from({ length: 6 }, () => inAnotherProcess(increment)));
    expect(await readFile(path.join(folder, 'count'), 'utf8')).toBe('6');
  });
});
