import { open, type FileHandle } from 'node:fs/promises';
import { readCheckpoint, splitNotes, type CheckpointNote } from './checkpoint.js';

/** Many notes, also with a few witnesses' signatures. */
const TAIL_BYTES = 65_536;

/**
 * The file outside of the database that checkpoints are appended to: signed notes with a blank line after each. Whoever can rewrite
 * the database can rewrite the log and the checkpoints in it; a file on another machine or on write-once storage then tells. Nothing in
 * it is ever changed; what a crash cut off is no note, and is skipped.
 */
export class CheckpointFile {
  constructor(private readonly path: string) {}

  /** The checkpoint of the longest log among the last ones in it. @throws the system's error. */
  newest(): Promise<CheckpointNote | undefined> {
    return this.using(async (file) => {
      const checkpoints = splitNotes(await tailOf(file)).flatMap((note) => readCheckpoint(note) ?? []);
      return checkpoints.toSorted((a, b) => a.size - b.size).at(-1);
    });
  }

  /** Appends a note, which is on the disk when this resolves. @throws the system's error. */
  append(note: string): Promise<void> {
    return this.using(async (file) => {
      const tail = await tailOf(file);
      await file.write(`${tail === '' || tail.endsWith('\n\n') ? '' : '\n'}${note}\n`);
      await file.datasync();
    });
  }

  private async using<T>(work: (file: FileHandle) => Promise<T>): Promise<T> {
    const file = await open(this.path, 'a+', 0o600);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  }
}

async function tailOf(file: FileHandle): Promise<string> {
  const { size } = await file.stat();
  const position = Math.max(0, size - TAIL_BYTES);
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - position), position });
  return buffer.toString('utf8', 0, bytesRead);
}
