import { crashPoint } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { SigningKeyStore } from '../signing/signing-key.store.js';
import { SigningKey } from '../signing/signing-key.js';
import { AuditLogStore, type AuditHead } from './audit-log.store.js';
import { CheckpointStore } from './checkpoint.store.js';
import { checkpointText, type Checkpoint } from './checkpoint.js';
import { consistencyParts, proofOf, verifyConsistency } from './merkle-proof.js';
import { rawPublicKey, writeNote } from './signed-note.js';

/**
 * The log is no longer what was signed, so nothing more is signed: somebody changed the database behind the product's back, or put an
 * older one in its place.
 */
export class AuditLogRewritten extends Error {
  constructor(known: Checkpoint, head: Pick<AuditHead, 'origin' | 'size'>) {
    super(
      `The audit log (${head.origin}, ${head.size} entries) does not continue the checkpoint of ${known.origin} with ${known.size} entries. ` +
        'Compare an export of it with that checkpoint: tenantry-verify audit.',
    );
    this.name = 'AuditLogRewritten';
  }
}

/** Signs what the log has come to. A log never signs two checkpoints of which the later does not continue the earlier. */
@Injectable()
export class AuditCheckpointer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly log: AuditLogStore,
    private readonly checkpoints: CheckpointStore,
    private readonly keys: SigningKeyStore,
    private readonly key: SigningKey,
  ) {}

  /**
   * Signs a checkpoint when the log has grown and the last one is old enough.
   * @param witnessed a checkpoint of this log that is kept outside of the database.
   * @returns whether there is a new one. @throws AuditLogRewritten
   */
  sign(intervalMs: number, witnessed?: Checkpoint): Promise<boolean> {
    return this.unitOfWork.run(async (tx) => {
      const head = await this.log.lockHeadTx(tx);
      if (!(await this.checkpoints.isDue(tx.sql, intervalMs))) return false;
      const tree = await this.log.frontierTx(tx, head.size);
      const root = tree.root();
      const last = await this.checkpoints.newest(tx.sql);
      if (last) await this.continuesTx(tx, { ...last, origin: head.origin }, head, root);
      if (witnessed) await this.continuesTx(tx, witnessed, head, root);
      const text = checkpointText({ origin: head.origin, size: head.size, root });
      const note = writeNote(text, head.origin, rawPublicKey(this.key.publicKey), (bytes) =>
        this.key.sign(bytes),
      );
      await this.keys.publishTx(tx, this.key);
      await this.checkpoints.insertTx(tx, { size: head.size, root, note, kid: this.key.kid });
      crashPoint('audit.after-checkpoint');
      return true;
    });
  }

  private async continuesTx(tx: Tx, known: Checkpoint, head: AuditHead, root: Buffer): Promise<void> {
    if (known.origin !== head.origin || known.size > head.size) throw new AuditLogRewritten(known, head);
    const parts = consistencyParts(known.size, head.size);
    const hashAt = await this.log.nodesTx(tx, parts.flat());
    if (!verifyConsistency(known, { size: head.size, root }, proofOf(parts, hashAt)))
      throw new AuditLogRewritten(known, head);
  }
}
