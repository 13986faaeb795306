import { readFile } from 'node:fs/promises';
import { readTrustedKeys } from '../signing/trusted-keys.js';
import type { KeyObject } from 'node:crypto';

/** A file that was named cannot be read. */
export class FileUnreadable extends Error {
  constructor(file: string, cause: unknown) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unreadable';
    super(`${file} cannot be read (${code})`, { cause });
    this.name = 'FileUnreadable';
  }
}

/** The whole text of a file. @throws FileUnreadable */
export async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new FileUnreadable(file, cause);
  });
}

/** The keys in a file. @throws FileUnreadable, NoTrustedKeys */
export async function keysOf(file: string): Promise<KeyObject[]> {
  return readTrustedKeys(await textOf(file));
}
