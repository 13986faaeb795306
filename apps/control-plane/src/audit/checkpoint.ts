import type { KeyObject } from 'node:crypto';
import { isSignedBy, readNote, type SignedNote } from './signed-note.js';

/** What a log commits itself to: so many entries, with this root (c2sp.org/tlog-checkpoint). */
export interface Checkpoint {
  /** Which log. */
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** A checkpoint as it was read from a note. */
export interface CheckpointNote extends Checkpoint {
  readonly note: SignedNote;
}

const SIZE = /^(0|[1-9]\d{0,15})$/;

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Reads a checkpoint without believing it. @returns `undefined` when the text is none. */
export function readCheckpoint(text: string): CheckpointNote | undefined {
  const note = readNote(text);
  if (!note) return undefined;
  const [origin = '', size = '', base64 = ''] = note.text.split('\n');
  const root = Buffer.from(base64, 'base64');
  if (origin === '' || !SIZE.test(size) || !Number.isSafeInteger(Number(size))) return undefined;
  // Extension lines, which a log of ours never writes, are not understood here.
  if (note.text !== checkpointText({ origin, size: Number(size), root }) || root.length !== 32)
    return undefined;
  return { origin, size: Number(size), root, note };
}

/** Whether the log itself signed the checkpoint, with one of these keys. */
export function isSignedCheckpoint(checkpoint: CheckpointNote, keys: readonly KeyObject[]): boolean {
  return isSignedBy(checkpoint.note, checkpoint.origin, keys);
}

/** Every checkpoint's note of a file of them, which a blank line lies between; an unfinished one is left out. */
export function splitNotes(text: string): string[] {
  return text.match(/^[^\n]+\n\d+\n[A-Za-z0-9+/=]+\n\n(?:\u2014 [^\n]+\n)+(?=\n|(?![^]))/gmu) ?? [];
}
