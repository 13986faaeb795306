import { DatabaseError } from 'pg';

/** What the kit's functions raise (FENCE.md), and the few Postgres codes that the kit acts on. */
export const SQLSTATE = {
  closed: 'TN001',
  noContext: 'TN002',
  refused: 'TN003',
  otherTenant: 'TN004',
  busy: 'TN005',
  stale: 'TN006',
  ahead: 'TN007',
  purged: 'TN008',
  notGranted: 'TN010',
  lockNotAvailable: '55P03',
  foreignKeyViolation: '23503',
  serializationFailure: '40001',
  deadlock: '40P01',
  insufficientPrivilege: '42501',
  objectNotInState: '55000',
  objectInUse: '55006',
  invalidDatabase: '3D000',
  loginRefused: '28000',
  wrongPassword: '28P01',
} as const;

/** The SQLSTATE of a database error, undefined for every other. */
export function sqlStateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** The DETAIL of a database error. */
export function detailOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.detail : undefined;
}
