import { chmod, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system in memory, where the system has one: making a database there takes a tenth of the time. */
const MEMORY = '/dev/shm';
/** More than any run was seen to fill; containers often have 64 MB there. */
const ROOM_BYTES = 4 * 1024 ** 3;
const PREFIX = 'tenantry-test-';

/**
 * Makes a folder for the servers of one test run, in memory where there is room. What a run that was killed left in memory goes first.
 *
 * @returns {Promise<{ path: string, remove: () => Promise<void> }>}
 */
export async function testFolder() {
  const folder = await mkdtemp(path.join(await place(), `${PREFIX}${process.pid}-`));
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  return { path: folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function place() {
  try {
    for (const name of await readdir(MEMORY)) if (isLeftOver(name)) await removed(path.join(MEMORY, name));
    const { bavail, bsize } = await statfs(MEMORY);
    return bavail * bsize >= ROOM_BYTES ? MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}

function isLeftOver(name) {
  const [, pid] = new RegExp(`^${PREFIX}(\\d+)-`).exec(name) ?? [];
  if (!pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

/** Another user's is that user's business. */
async function removed(folder) {
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}
