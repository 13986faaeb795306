import { expect, it } from '@jest/globals';
import { existsSync, mkdirSync, statfsSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { testFolder } from './test-folder.mjs';

const MEMORY = '/dev/shm';
const hasMemory = existsSync(MEMORY);

it('makes a folder of its own, and removes it', async () => {
  const folder = await testFolder();
  await access(folder.path);
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});

it('is in memory where there is room', async () => {
  const folder = await testFolder();
  try {
    const { bavail, bsize } = hasMemory ? statfsSync(MEMORY) : { bavail: 0, bsize: 0 };
    expect(path.dirname(folder.path) === MEMORY).toBe(bavail * bsize >= 4 * 1024 ** 3);
  } finally {
    await folder.remove();
  }
});

it('removes what a run left in memory that has ended, and nothing else', async () => {
  if (!hasMemory) return expect(process.platform).not.toBe('linux');
  const ended = spawnSync('true').pid;
  const left = path.join(MEMORY, `tenantry-test-${ended}-left`);
  const running = path.join(MEMORY, `tenantry-test-${process.pid}-kept`);
  for (const folder of [left, running]) mkdirSync(folder);
  try {
    await (await testFolder()).remove();
    expect([existsSync(left), existsSync(running)]).toEqual([false, true]);
  } finally {
    spawnSync('rmdir', [running]);
  }
});
