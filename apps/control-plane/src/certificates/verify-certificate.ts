import type { KeyObject } from 'node:crypto';
import { isSignedCheckpoint, readCheckpoint } from '../audit/checkpoint.js';
import { leafHash } from '../audit/leaf.js';
import { verifyInclusion } from '../audit/merkle-proof.js';
import { CERTIFICATE_VERSION, type AuditProof, type Certificate } from './certificate.js';
import { openCertificate } from './certificate-jws.js';
import { reasonsIn } from './reasons.js';

/** The certificate when everything in it holds; otherwise what does not. */
export type CertificateReport =
  { readonly certificate: Certificate; readonly problem?: undefined } | { readonly problem: string };

/**
 * Verifies a deletion certificate with nothing but itself and the keys: its signature, that the audit log, as its operator signed it, has the
 * end of this purge at the position that it names, and that a complete one carries what makes it so.
 */
export async function verifyCertificate(jws: string, keys: readonly KeyObject[]): Promise<CertificateReport> {
  const opened = await openCertificate(jws, keys);
  if (opened === undefined) return { problem: 'none of the keys has signed this as a deletion certificate' };
  const certificate = opened as Certificate;
  if (certificate.version !== CERTIFICATE_VERSION) return { problem: 'its version is not known here' };
  try {
    const problem = proofProblem(certificate, keys) ?? contentProblem(certificate);
    return problem === undefined ? { certificate } : { problem };
  } catch (error) {
    // Signed by a trusted key, and yet not of the form that this version has.
    if (error instanceof TypeError) return { problem: 'it is not of the form that it should have' };
    throw error;
  }
}

function proofProblem({ audit }: Certificate, keys: readonly KeyObject[]): string | undefined {
  const leaf = leafHash(audit.entry);
  if (leaf.toString('hex') !== audit.leafHash) return 'the audit entry does not have its hash';
  const checkpoint = readCheckpoint(audit.checkpoint);
  if (!checkpoint) return 'the checkpoint cannot be read';
  if (!isSignedCheckpoint(checkpoint, keys)) return 'none of the keys has signed the checkpoint';
  if (checkpoint.size !== audit.treeSize || checkpoint.root.toString('hex') !== audit.rootHash)
    return 'the checkpoint is not the one that the certificate names';
  const { position, treeSize } = audit;
  if (!verifyInclusion(leaf, position, treeSize, proofOf(audit), checkpoint.root))
    return `the audit log does not have the entry at position ${position}`;
  return undefined;
}

function proofOf({ inclusionProof }: AuditProof): Buffer[] {
  return inclusionProof.map((hash) => Buffer.from(hash, 'hex'));
}

function contentProblem(certificate: Certificate): string | undefined {
  const { tenant, purge, audit, complete, reasons } = certificate;
  const { entry } = audit;
  const end = entry.action === 'operation.succeeded' && entry.resource === `operations/${purge.operationId}`;
  const beginning = entry.action === 'tenant.purge' && entry.resource === `tenants/${tenant.id}`;
  if (!(end || beginning) || entry.tenantId !== tenant.id) return 'the audit entry is not that of this purge';
  if (complete !== (reasons.length === 0)) return 'it contradicts itself about being complete';
  // Not believed because it is signed: what it carries has to bear it out.
  const [against] = complete ? reasonsIn(certificate) : [];
  if (against !== undefined)
    return `it calls itself complete, and what it carries speaks against it: ${against}`;
  return undefined;
}
