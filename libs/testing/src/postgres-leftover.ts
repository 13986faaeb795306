import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const POLL_MS = 100;
const SHUTDOWN_TIMEOUT_MS = 30_000;

/**
 * Puts a data directory in order that was left without a proper stop. A server that still runs on it is shut down.
 * A postmaster.pid whose process is gone, or has become some other program's, is removed: PostgreSQL itself would
 * take a stranger under that id for its predecessor and refuse to start.
 */
export async function endLeftoverPostgres(dataDir: string): Promise<void> {
  const pidFile = path.join(dataDir, 'postmaster.pid');
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0]);
  if (!pid) return;
  if (!(await isServerOf(dataDir, pid))) {
    await rm(pidFile, { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  const deadline = performance.now() + SHUTDOWN_TIMEOUT_MS;
  while (await isServerOf(dataDir, pid)) {
    if (performance.now() > deadline)
      throw new Error(`a PostgreSQL left running (process ${pid}) on ${dataDir} does not stop`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function isServerOf(dataDir: string, pid: number): Promise<boolean> {
  try {
    const command =
      process.platform === 'linux'
        ? (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
        : (await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)])).stdout;
    return command.includes('postgres') && command.includes(dataDir);
  } catch {
    return false;
  }
}
