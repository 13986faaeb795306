import { isUuid } from '@tenantry/kernel';
import { escapeIdentifier, escapeLiteral } from 'pg';

/** What provisioning writes on each object that it creates, so that whoever finds the object later can tell whose it is. */
export interface ObjectMarker {
  /** The service that created the object. */
  readonly service: string;
  readonly tenantId: string;
  /** The generation of the request that created it; a tombstone with a greater one was written later. */
  readonly generation: number;
  /** The service's database that the object belongs to: roles and databases are the whole server's, and another may have their like. */
  readonly database: string;
}

/** Which objects carry a marker. */
export type MarkedKind = 'SCHEMA' | 'ROLE' | 'DATABASE';

/** What the markers of this kit are known by, among the comments that people write. */
const MARK = 'tenantry';

/** The statement that puts the marker on an object of the current transaction: its comment, as JSON. */
export function markSql(kind: MarkedKind, name: string, marker: ObjectMarker): string {
  const { service, tenantId, generation, database } = marker;
  const text = JSON.stringify({ madeBy: MARK, service, tenantId, generation, database });
  return `COMMENT ON ${kind} ${escapeIdentifier(name)} IS ${escapeLiteral(text)}`;
}

/** The marker that a comment holds; undefined for no comment, or one that is not a whole marker. */
export function readMarker(comment: string | null): ObjectMarker | undefined {
  const value = comment === null ? undefined : parsed(comment);
  if (typeof value !== 'object' || value === null) return undefined;
  const { madeBy, service, tenantId, generation, database } = value as Record<string, unknown>;
  if (madeBy !== MARK || typeof service !== 'string' || typeof database !== 'string') return undefined;
  if (typeof tenantId !== 'string' || !isUuid(tenantId)) return undefined;
  if (typeof generation !== 'number' || !Number.isSafeInteger(generation) || generation < 1) return undefined;
  return { service, tenantId: tenantId.toLowerCase(), generation, database };
}

function parsed(comment: string): unknown {
  try {
    return JSON.parse(comment);
  } catch {
    return undefined;
  }
}
