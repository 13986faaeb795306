import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Somebody else holds the lock; `pid` says who. */
export class LockHeldError extends Error {
  constructor(file, pid) {
    super(`${file} is held by process ${pid}`);
    this.pid = pid;
  }
}

/**
 * Takes a lock file that names its holder. A lock whose holder no longer runs is taken over: the holder's start time
 * stands beside its id, so that another process under the same id is not mistaken for it.
 *
 * @param {string} file where the lock lies; its folder is made.
 * @param {{ wait?: boolean }} options `wait`: wait for the holder instead of throwing LockHeldError.
 * @returns {Promise<() => void>} releases the lock.
 */
export async function holdLock(file, { wait = false } = {}) {
  mkdirSync(path.dirname(file), { recursive: true });
  const own = `${file}.${process.pid}`;
  writeFileSync(own, JSON.stringify({ pid: process.pid, startedAt: startTime(process.pid) }));
  try {
    while (!link(own, file)) {
      const holder = read(file);
      if (holder && isRunning(holder)) {
        if (!wait) throw new LockHeldError(file, holder.pid);
        await new Promise((resolve) => setTimeout(resolve, 200));
      } else if (holder) removeLeftover(file, `${own}.leftover`);
    }
    return () => rmSync(file, { force: true });
  } finally {
    rmSync(own, { force: true });
  }
}

/** A hard link appears with its whole content or not at all, so nobody reads a half-written holder. */
function link(own, file) {
  try {
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Moves a dead holder's lock aside; if another waiter took it over in that very moment, it gets its lock back. */
function removeLeftover(file, aside) {
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === 'ENOENT') return;
    throw error;
  }
  if (isRunning(read(aside))) link(aside, file);
  rmSync(aside);
}

function isRunning({ pid, startedAt }) {
  return startTime(pid) === startedAt;
}

/** When a process started, in some unit of the platform's; undefined when there is none of that id. */
function startTime(pid) {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}
