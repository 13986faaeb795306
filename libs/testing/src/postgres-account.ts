import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Whom PostgreSQL runs as; it refuses to run as root. */
export interface PostgresAccount {
  /** Who must own the data; absent: whoever runs this. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** How to start a program under this account. */
  launch(program: string, args: readonly string[]): Launch;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The current user, or as root the system's user `postgres`, made when missing.
 *
 * @param places files and folders that the server must reach. Under a folder closed to other users (root's home, a
 *   `mktemp -d`) the server keeps root's right to pass folders, and nothing else of root's.
 * @throws Error saying what to do when that cannot be had.
 */
export async function postgresAccount(places: readonly string[]): Promise<PostgresAccount> {
  if (process.getuid?.() !== 0) return { launch: (command, args) => ({ command, args }) };
  const owner = (await ids()) ?? (await makeUser());
  const { uid, gid } = owner;
  const closed = (await Promise.all(places.map((place) => closedFolder(place, uid, gid)))).find(Boolean);
  if (!closed) return { owner, launch: (command, args) => ({ command, args, uid, gid }) };
  const rights = '+dac_override,+dac_read_search';
  const switchUser = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    // PostgreSQL asks access(2) about its own programs, which disregards such rights unless told otherwise.
    '--securebits=+no_setuid_fixup',
    `--inh-caps=${rights}`,
    `--ambient-caps=${rights}`,
  ];
  try {
    await exec('setpriv', [...switchUser, 'true']);
  } catch (error) {
    throw new Error(
      `PostgreSQL does not run as root, and the user postgres cannot enter ${closed}: run this as another user, or from a folder that other users can enter`,
      { cause: error },
    );
  }
  return {
    owner,
    launch: (program, args) => ({ command: 'setpriv', args: [...switchUser, program, ...args] }),
  };
}

async function ids(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([exec('id', ['-u', 'postgres']), exec('id', ['-g', 'postgres'])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

async function makeUser(): Promise<{ uid: number; gid: number }> {
  try {
    await exec('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/bin/false',
      'postgres',
    ]);
  } catch (error) {
    throw new Error(
      'PostgreSQL does not run as root, and a user postgres could not be made: run this as another user',
      {
        cause: error,
      },
    );
  }
  const made = await ids();
  if (!made) throw new Error('the user postgres was made but has no id');
  return made;
}

/** The first folder on the way to `place` that this user may not enter. */
async function closedFolder(place: string, uid: number, gid: number): Promise<string | undefined> {
  const parent = path.dirname(place);
  const above = parent === place ? undefined : await closedFolder(parent, uid, gid);
  if (above) return above;
  const found = await stat(place).catch(() => undefined);
  if (!found?.isDirectory()) return undefined;
  const needed = found.uid === uid ? 0o100 : found.gid === gid ? 0o010 : 0o001;
  return found.mode & needed ? undefined : place;
}
