import type { StoredCheckpoint } from './checkpoint.store.js';
import type { AuditDocument } from './leaf.js';

/** An entry as the API shows it: what is hashed, and where it is in the log. */
export interface AuditEntryView extends AuditDocument {
  /** Null until it is sequenced, which takes about a second. */
  readonly position: number | null;
  /** Hex. */
  readonly leafHash: string | null;
}

/** A signed checkpoint as the API shows it. */
export interface CheckpointView {
  readonly treeSize: number;
  /** Hex. */
  readonly rootHash: string;
  /** The signed note, to the byte (c2sp.org/tlog-checkpoint). */
  readonly note: string;
  /** The key, as in /.well-known/jwks.json. */
  readonly kid: string;
  readonly createdAt: string;
}

export function toCheckpointView({ size, root, note, kid, createdAt }: StoredCheckpoint): CheckpointView {
  return { treeSize: size, rootHash: root.toString('hex'), note, kid, createdAt: createdAt.toISOString() };
}
