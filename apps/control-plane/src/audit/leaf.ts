import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from './canonical-json.js';

/** An audit entry as it is hashed, exported and shown; every member is always there. */
export interface AuditDocument {
  readonly id: string;
  /** RFC 3339 UTC with six digits of a second, as the database keeps it. */
  readonly at: string;
  readonly actor: string;
  readonly tenantId: string | null;
  readonly action: string;
  readonly resource: string;
  readonly reason: string | null;
  readonly before: Json;
  readonly after: Json;
  readonly requestId: string | null;
  readonly traceId: string | null;
}

/** Each kind of hash has a prefix of its own, so that none can pass for another: 0x00 and 0x01 are RFC 9162's. */
const LEAF = Buffer.from([0x00]);
const LINK = Buffer.from([0x02]);

/** What the chain begins with. */
export const CHAIN_START: Buffer = Buffer.alloc(32);

/** The leaf of an entry in the Merkle tree (RFC 9162, 2.1.1): SHA-256(0x00 ‖ canonical JSON). */
export function leafHash(document: AuditDocument): Buffer {
  return createHash('sha256').update(LEAF).update(canonicalJson(document)).digest();
}

/** The next link of the hash chain: SHA-256(0x02 ‖ the link before ‖ leaf). */
export function chainHash(before: Buffer, leaf: Buffer): Buffer {
  return createHash('sha256').update(LINK).update(before).update(leaf).digest();
}
