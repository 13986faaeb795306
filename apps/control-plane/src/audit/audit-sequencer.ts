import { crashPoint } from '@tenantry/kernel';
import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../database/unit-of-work.js';
import { AuditLogStore, type AuditLeaf } from './audit-log.store.js';
import { chainHash, leafHash } from './leaf.js';
import type { MerkleNode } from './merkle.js';

/** How many entries one transaction gives positions to. */
const BATCH = 500;

/**
 * Gives every entry its position in the audit log, without gaps: of any number of replicas one at a time, under the lock of the log's head. A batch
 * is one transaction, so whatever kills it leaves the log as it was, and the entries waiting.
 */
@Injectable()
export class AuditSequencer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly log: AuditLogStore,
  ) {}

  /** Sequences a batch. @returns how many entries got a position; 0 also while another replica is at it. */
  step(limit = BATCH): Promise<number> {
    return this.unitOfWork.run(async (tx) => {
      const head = await this.log.tryLockHeadTx(tx);
      if (!head) return 0;
      const documents = await this.log.pendingTx(tx, limit);
      if (documents.length === 0) return 0;
      const tree = await this.log.frontierTx(tx, head.size);
      const leaves: AuditLeaf[] = [];
      const nodes: MerkleNode[] = [];
      let link = head.chainHash;
      for (const document of documents) {
        const hash = leafHash(document);
        link = chainHash(link, hash);
        leaves.push({ position: tree.size, entryId: document.id, leafHash: hash, chainHash: link });
        nodes.push(...tree.append(hash));
      }
      crashPoint('audit.before-position');
      await this.log.appendTx(tx, leaves, nodes);
      crashPoint('audit.after-position');
      return leaves.length;
    });
  }
}
