import { crashPoint } from '@tenantry/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { AuditLogStore } from '../audit/audit-log.store.js';
import { inclusionParts, proofOf } from '../audit/merkle-proof.js';
import { leafHash } from '../audit/leaf.js';
import { UnitOfWork, type Tx } from '../database/unit-of-work.js';
import { SigningKeyStore } from '../signing/signing-key.store.js';
import { SigningKey } from '../signing/signing-key.js';
import { signCertificate } from './certificate-jws.js';
import type { AuditProof } from './certificate.js';
import { CertificateStore } from './certificate.store.js';
import { certify } from './certify.js';
import type { RetentionStatements } from './remnants.js';

export const RETENTION = Symbol('RETENTION');

/** Who issues certificates, in the audit log. */
export const CERTIFIER = { actor: 'system:certificates' } as const;

/** Issues the one certificate of a purged tenant, in one transaction under the tenant's row lock: whatever kills it, none or one is there. */
@Injectable()
export class CertificateIssuer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly certificates: CertificateStore,
    private readonly log: AuditLogStore,
    private readonly keys: SigningKeyStore,
    private readonly key: SigningKey,
    private readonly audit: AuditLog,
    @Inject(RETENTION) private readonly retention: RetentionStatements,
  ) {}

  /** @returns whether it was issued now. */
  issue(tenantId: string): Promise<boolean> {
    return this.unitOfWork.run(async (tx) => {
      const purge = await this.certificates.lockPurgeTx(tx, tenantId);
      if (!purge) return false;
      const audit = await this.proofTx(tx, tenantId);
      const certificate = certify({ ...purge, now: tx.now, audit }, this.retention);
      const jws = await signCertificate(certificate, this.key);
      const { operationId } = purge.purge;
      const { complete, reasons } = certificate;
      const { kid } = this.key;
      await this.keys.publishTx(tx, this.key);
      await this.certificates.insertTx(tx, {
        tenantId,
        operationId,
        treeSize: audit.treeSize,
        kid,
        complete,
        jws,
      });
      await this.audit.recordTx(tx, {
        caller: CERTIFIER,
        tenantId,
        action: 'certificate.issue',
        resource: `tenants/${tenantId}/certificate`,
        after: { operationId, complete, reasons, position: audit.position, treeSize: audit.treeSize, kid },
      });
      crashPoint('certificate.after-insert');
      return true;
    });
  }

  private async proofTx(tx: Tx, tenantId: string): Promise<AuditProof> {
    const { entry, position, treeSize, root, note } = await this.certificates.anchorTx(tx, tenantId);
    const parts = inclusionParts(position, treeSize);
    const hashes = proofOf(parts, await this.log.nodesTx(tx, parts.flat()));
    return {
      entry,
      position,
      leafHash: leafHash(entry).toString('hex'),
      treeSize,
      rootHash: root.toString('hex'),
      inclusionProof: hashes.map((hash) => hash.toString('hex')),
      checkpoint: note,
    };
  }
}
