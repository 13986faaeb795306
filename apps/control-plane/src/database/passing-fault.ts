import { QueryFailedError } from 'typeorm';
import { AuditUnavailable } from '../audit/audit.errors.js';

/** Connection, resources, operator and system (57014, a cancelled statement, included), serialization and deadlock. */
const PASSING_CLASSES = ['08', '40', '53', '55', '57', '58'];

/**
 * Whether the database, rather than what was asked of it, is at fault, so that the same work may succeed later.
 * An error that the database did not answer with counts only when it comes from the connection. Wider than what the API
 * answers 503 for: a message can wait for a deadlock or a full disk to pass, a caller should hear of it.
 */
export function isPassingFault(error: unknown): boolean {
  // What was to be recorded is not at fault, and must not be dropped because it could not be.
  if (error instanceof AuditUnavailable) return true;
  if (error instanceof QueryFailedError) return isPassingFault(error.driverError);
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError && error.errors.some(isPassingFault)) return true;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  // Node's codes begin with E (EPIPE looks like an SQLSTATE); no SQLSTATE of Postgres does.
  if (code.startsWith('E')) return true;
  if (/^[0-9A-Z]{5}$/.test(code)) return PASSING_CLASSES.includes(code.slice(0, 2));
  return /connection|timeout/i.test(error.message);
}
