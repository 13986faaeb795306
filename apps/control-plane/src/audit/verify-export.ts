import type { KeyObject } from 'node:crypto';
import { thumbprint } from '../signing/thumbprint.js';
import type { ExportLine } from './audit-export.js';
import { isSignedCheckpoint, readCheckpoint, type CheckpointNote } from './checkpoint.js';
import { CHAIN_START, chainHash, leafHash } from './leaf.js';
import { MerkleFrontier } from './merkle.js';

/** What is wrong, and where first. */
export interface Finding {
  /** The first position that is not as it was signed; with `upTo`, the first of those that it is one of. */
  readonly position: number;
  /** The last position that the change may be at, where only a checkpoint tells of it. */
  readonly upTo?: number;
  readonly problem: string;
}

export interface ExportReport {
  readonly origin: string | undefined;
  /** How many entries were found to be as they were signed. */
  readonly entries: number;
  /** How many signed checkpoints agree, those of the file beside the export included. */
  readonly checkpoints: number;
  readonly root: Buffer;
  /** Absent when the log is whole. */
  readonly finding?: Finding;
}

type CheckpointLine = Extract<ExportLine, { type: 'checkpoint' }>;

class Found extends Error {
  constructor(readonly finding: Finding) {
    super(finding.problem);
  }
}

/**
 * Holds an export of the audit log against signed checkpoints: those in it, and those that somebody kept elsewhere. Each entry is hashed
 * again, one at a time, so that the length of the log does not matter.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  keys: readonly KeyObject[],
  kept: readonly CheckpointNote[] = [],
): Promise<ExportReport> {
  const check = new ExportCheck(keys, kept);
  try {
    for await (const line of lines) if (line !== '') check.line(line);
    check.end();
    return check.report();
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    return { ...check.report(), finding: error.finding };
  }
}

class ExportCheck {
  private readonly tree = new MerkleFrontier();
  private readonly keptBySize: ReadonlyMap<number, readonly CheckpointNote[]>;
  private link = CHAIN_START;
  private origin: string | undefined;
  private agreed = 0;
  /** The size of the largest tree that a checkpoint agrees with. */
  private covered = 0;

  constructor(
    private readonly keys: readonly KeyObject[],
    private readonly kept: readonly CheckpointNote[],
  ) {
    this.keptBySize = Map.groupBy(kept, ({ size }) => size);
  }

  line(text: string): void {
    const line = this.parse(text);
    if (line.type === 'entry') this.entry(line);
    else if (line.type === 'checkpoint') this.checkpointLine(line);
    else this.fail('a line is neither an entry nor a checkpoint');
  }

  end(): void {
    const { size } = this.tree;
    if (this.agreed === 0 && size === 0) this.fail('the export is empty');
    for (const checkpoint of this.kept) {
      this.believe(checkpoint, 'the file of checkpoints');
      if (checkpoint.size > size) {
        this.fail(`the log is cut off: ${checkpoint.size} entries were signed, and ${size} are here`);
      }
    }
    if (this.covered < size) {
      throw new Found({
        position: this.covered,
        upTo: size - 1,
        problem:
          'the export does not end with a checkpoint: it is cut off, or entries were added that nobody signed',
      });
    }
  }

  report(): ExportReport {
    return { origin: this.origin, entries: this.tree.size, checkpoints: this.agreed, root: this.tree.root() };
  }

  private entry({ position, entry, ...hashes }: Extract<ExportLine, { type: 'entry' }>): void {
    const { size } = this.tree;
    if (!Number.isSafeInteger(position)) this.fail('an entry does not say its position');
    if (position !== size) {
      this.fail(`the entry of position ${size} is missing: ${position} stands in its place`);
    }
    const leaf = this.hashOf(() => leafHash(entry));
    if (leaf.toString('hex') !== hashes.leafHash)
      this.fail('the entry was edited: it does not have its hash');
    this.link = chainHash(this.link, leaf);
    if (this.link.toString('hex') !== hashes.chainHash) {
      this.fail('the entry does not follow the one before it: an entry was edited, removed or moved');
    }
    this.tree.append(leaf);
    for (const checkpoint of this.keptBySize.get(this.tree.size) ?? []) {
      this.agree(checkpoint, 'the file of checkpoints');
    }
  }

  private checkpointLine({ note, treeSize, rootHash, kid }: CheckpointLine): void {
    const checkpoint = typeof note === 'string' ? readCheckpoint(note) : undefined;
    if (!checkpoint) return this.fail('a checkpoint cannot be read');
    // What stands beside the note is not signed. Its time is nothing but said; all else is in the note as well.
    if (treeSize !== checkpoint.size || rootHash !== checkpoint.root.toString('hex'))
      this.fail('a checkpoint was edited: it is not of what its signed note is of');
    if (checkpoint.size > this.tree.size) {
      this.fail(
        `the entry of position ${this.tree.size} is missing: a checkpoint of ${checkpoint.size} entries follows`,
      );
    }
    if (checkpoint.size < this.tree.size)
      this.fail(`the checkpoint of ${checkpoint.size} entries is not in its place`);
    this.agree(checkpoint, 'the export');
    if (!this.keys.some((key) => thumbprint(key) === kid && isSignedCheckpoint(checkpoint, [key])))
      this.fail('a checkpoint was edited: the key that it names is not the one that signed it');
  }

  /** A checkpoint of exactly the entries that were read until now. */
  private agree(checkpoint: CheckpointNote, where: string): void {
    this.believe(checkpoint, where);
    if (!checkpoint.root.equals(this.tree.root())) {
      throw new Found({
        position: this.covered,
        upTo: this.tree.size - 1,
        problem: `an entry is not what was signed: the checkpoint of ${checkpoint.size} entries in ${where} has another root`,
      });
    }
    this.agreed += 1;
    this.covered = this.tree.size;
  }

  private believe(checkpoint: CheckpointNote, where: string): void {
    if (!isSignedCheckpoint(checkpoint, this.keys)) {
      this.fail(`the checkpoint of ${checkpoint.size} entries in ${where} is not signed by any of the keys`);
    }
    this.origin ??= checkpoint.origin;
    if (checkpoint.origin !== this.origin)
      this.fail(`a checkpoint in ${where} is of another log: ${checkpoint.origin}`);
  }

  private parse(text: string): ExportLine {
    try {
      const line: unknown = JSON.parse(text);
      // Otherwise it says more than was hashed: a name twice, of which one reader takes the first, or digits that no number keeps.
      if (JSON.stringify(line) !== text)
        this.fail('a line is not as it was exported: it is written in another way');
      if (typeof line === 'object' && line !== null) return line as ExportLine;
    } catch (error) {
      if (error instanceof Found) throw error;
      // Said below.
    }
    return this.fail('a line is no JSON object: the export is cut off or damaged');
  }

  private hashOf(hash: () => Buffer): Buffer {
    try {
      return hash();
    } catch {
      return this.fail('the entry cannot be hashed');
    }
  }

  private fail(problem: string): never {
    throw new Found({ position: this.tree.size, problem });
  }
}
