import { Injectable } from '@nestjs/common';
import { NoCheckpointYet } from './audit.errors.js';
import { AuditReadModel, type SequencedEntry } from './audit.read-model.js';
import { toCheckpointView } from './audit.view.js';
import type { CheckpointView } from './audit.view.js';
import type { StoredCheckpoint } from './checkpoint.store.js';
import type { AuditDocument } from './leaf.js';

/** A line of an export. Checkpoints stand right behind the last entry that they cover, so that each narrows down where a change is. */
export type ExportLine =
  | {
      readonly type: 'entry';
      readonly position: number;
      /** Hex, as the next. */
      readonly leafHash: string;
      readonly chainHash: string;
      readonly entry: AuditDocument;
    }
  | ({ readonly type: 'checkpoint' } & CheckpointView);

/** How many entries are in memory at a time. */
const PAGE = 500;

/** The whole log up to its newest signed checkpoint, as JSON Lines that `tenantry-verify audit` checks. */
@Injectable()
export class AuditExport {
  constructor(private readonly audit: AuditReadModel) {}

  /** @returns the lines, read as they are taken; what has a position never changes. @throws NoCheckpointYet */
  async lines(): Promise<AsyncIterable<string>> {
    const newest = await this.audit.newestCheckpoint();
    if (!newest) throw new NoCheckpointYet();
    return this.linesUpTo(newest.size);
  }

  private async *linesUpTo(size: number): AsyncGenerator<string> {
    for (let from = 0; from < size;) {
      const entries = await this.audit.sequenced(from, size, PAGE);
      const last = entries.at(-1);
      // A page without entries would be asked for for ever; the file then ends without its checkpoint, which tells.
      if (!last) throw new Error(`the audit log has no position ${from}`);
      const checkpoints = await this.audit.checkpointsBetween(from, last.position + 1);
      yield merged(entries, checkpoints)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join('');
      from = last.position + 1;
    }
  }
}

function merged(entries: readonly SequencedEntry[], checkpoints: readonly StoredCheckpoint[]): ExportLine[] {
  const bySize = new Map(checkpoints.map((checkpoint) => [checkpoint.size, checkpoint]));
  return entries.flatMap(({ position, leafHash, chainHash, document }): ExportLine[] => {
    const checkpoint = bySize.get(position + 1);
    return [
      {
        type: 'entry',
        position,
        leafHash: leafHash.toString('hex'),
        chainHash: chainHash.toString('hex'),
        entry: document,
      },
      ...(checkpoint ? [{ type: 'checkpoint' as const, ...toCheckpointView(checkpoint) }] : []),
    ];
  });
}
