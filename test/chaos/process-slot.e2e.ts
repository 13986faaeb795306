import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ProcessSlot } from './process-slot.ts';

/** Its first life ends by itself; every later one stays until it is killed. */
const SHORT_FIRST_LIFE = `
import { existsSync, writeFileSync } from 'node:fs';
const lived = new URL('lived', import.meta.url);
if (!existsSync(lived)) {
  writeFileSync(lived, '');
  process.exit(1);
}
setInterval(() => undefined, 60_000);
`;

describe('a slot whose process has just ended by itself', () => {
  let folder: string;
  let slot: ProcessSlot;
  const lines: string[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'tenantry-slot-'));
    const file = path.join(folder, 'process.mjs');
    await writeFile(file, SHORT_FIRST_LIFE);
    slot = new ProcessSlot({
      place: { name: 'worker-1', role: 'worker' } as ProcessSlot['place'],
      file,
      url: 'http://127.0.0.1:1',
      env: {},
      onLine: (line) => void lines.push(line),
    });
  });

  afterEach(async () => {
    await slot.stop();
    await rm(folder, { recursive: true });
  });

  it('is killed in its next life, and what follows is armed', async () => {
    slot.start();
    await slot.lifeEnd;
    await slot.kill('some.point:1');
    const said = lines.filter((line) => line.startsWith('--'));
    expect(said.slice(0, 4)).toEqual([
      '-- starts',
      '-- ended with status 1',
      '-- starts',
      '-- ended with status 137',
    ]);
    expect(slot.endedByItself).toBe(1);
  });
});
