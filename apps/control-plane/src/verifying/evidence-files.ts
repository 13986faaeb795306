import { readFile } from 'node:fs/promises';
import { readTrustedKeys } from '../signing/trusted-keys.js';
import type { KeyObject } from 'node:crypto';

/** A file that was named cannot be read. */
export class FileUnreadable extends Error {
  constructor(file: string, cause: unknown) {
    super(`${file} cannot be read (${isSystemError(cause) ? cause.code : String(cause)})`, { cause });
    this.name = 'FileUnreadable';
  }
}

/** Whether the operating system is where an error comes from. */
export function isSystemError(error: unknown): error is { readonly code: string } {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'code' in error;
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
