import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { holdLock } from '../lock.mjs';

/** Where tools are kept between checkouts: `$XDG_CACHE_HOME/tenantry/tools`, or `~/.cache/tenantry/tools`. */
function toolsFolder() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'tenantry', 'tools');
}

/**
 * A folder of the cache that is filled once. It appears by one rename, so that an attempt that is broken off leaves nothing behind, and
 * who comes second waits for the first.
 *
 * @param {string} name with the version of what is in it: another version is another folder.
 * @param {(folder: string) => Promise<void>} fill
 * @returns {Promise<string>} the filled folder.
 */
export async function cached(name, fill) {
  const folder = path.join(toolsFolder(), name);
  if (existsSync(folder)) return folder;
  await mkdir(toolsFolder(), { recursive: true });
  const release = await holdLock(`${folder}.lock`, { wait: true });
  try {
    if (existsSync(folder)) return folder;
    const work = await mkdtemp(path.join(toolsFolder(), 'unfinished-'));
    try {
      await fill(work);
      await rename(work, folder);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return folder;
  } finally {
    release();
  }
}
