import type { Json } from '../audit/canonical-json.js';
import type { AuditDocument } from '../audit/leaf.js';

/** The media type in a certificate's header, so that no other thing that the key signed passes for one. */
export const CERTIFICATE_TYPE = 'tenantry-deletion-certificate+jws';
export const CERTIFICATE_VERSION = 1;

/** What a deletion certificate says; the payload of a JWS, as canonical JSON. All times are RFC 3339 UTC, all hashes hex. */
export interface Certificate {
  readonly version: typeof CERTIFICATE_VERSION;
  readonly issuedAt: string;
  readonly tenant: {
    readonly id: string;
    readonly slug: string;
    readonly isolation: string;
    readonly region: string;
    readonly createdAt: string;
  };
  /** Who asked for it, and why. Null only where a tenant was purged without a request that is still known. */
  readonly request: {
    readonly operationId: string;
    readonly requestedAt: string;
    readonly actor: string;
    readonly reason: string | null;
    readonly requestId: string | null;
    /** ISO 8601, as it was in the end; `purgeAfter` is when it ended. */
    readonly gracePeriod: string | null;
    readonly purgeAfter: string | null;
  } | null;
  readonly purge: {
    readonly operationId: string;
    readonly generation: number;
    readonly begunAt: string;
    readonly endedAt: string;
  };
  readonly participants: readonly ParticipantPart[];
  readonly audit: AuditProof;
  /** What is left of the tenant, and until when. */
  readonly remains: readonly Remnant[];
  /** Whether everybody who held the tenant has shown its destruction, and an independent scan agrees. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly reasons: readonly string[];
}

export interface ParticipantPart {
  readonly participant: string;
  readonly required: boolean;
  /** `scan` is an independent look at what the others destroyed. */
  readonly role: 'purge' | 'scan';
  /** Who said that it takes part; one that said so itself, by `heartbeat`, is nobody's independent look. */
  readonly declaredBy: 'configuration' | 'operator' | 'heartbeat';
  /** `acknowledged` by itself; otherwise `attested` by an operator in its place; otherwise it has shown nothing. */
  readonly outcome: 'acknowledged' | 'attested' | 'unproven';
  /** Of a scan: when what counts was asked for. Null for a purge, and where it is not known. */
  readonly askedAt: string | null;
  readonly at: string | null;
  /** What it failed with last; null when it did not, or has succeeded since. */
  readonly error: string | null;
  /** Kept for information when the participant acknowledged after all. */
  readonly attestation: { readonly by: string; readonly at: string; readonly reason: string | null } | null;
  readonly evidence: Json;
}

/** Where in the audit log the purge's end is, and that it is there. */
export interface AuditProof {
  readonly entry: AuditDocument;
  readonly position: number;
  readonly leafHash: string;
  readonly treeSize: number;
  readonly rootHash: string;
  /** RFC 9162, 2.1.3. */
  readonly inclusionProof: readonly string[];
  /** The signed note, to the byte. */
  readonly checkpoint: string;
}

export interface Remnant {
  readonly what: string;
  readonly why: string;
  /** Null: as long as the installation exists, or for a time that it does not state. */
  readonly until: string | null;
}
