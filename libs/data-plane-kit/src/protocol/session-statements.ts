import { encodeQuiet } from './encoded-statement.js';

/** How strictly a transaction is kept apart from those beside it. */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

const DEFAULT_BEGIN = encodeQuiet('BEGIN');
const BEGIN: Readonly<Record<IsolationLevel, Buffer>> = {
  'read committed': encodeQuiet('BEGIN ISOLATION LEVEL READ COMMITTED'),
  'repeatable read': encodeQuiet('BEGIN ISOLATION LEVEL REPEATABLE READ'),
  serializable: encodeQuiet('BEGIN ISOLATION LEVEL SERIALIZABLE'),
};

/** Begins a transaction; without a level at the one that the database has by default. */
export function begin(level: IsolationLevel | undefined): Buffer {
  return level === undefined ? DEFAULT_BEGIN : BEGIN[level];
}

/**
 * What a transaction can leave behind on its session: cursors WITH HOLD, a role, settings (a tenant's context among
 * them), channels, prepared statements. Not DISCARD ALL, which also throws away the plans of the kit's own functions.
 * Temporary tables and session locks are not here, since the serving login has neither.
 */
export const CLEAN = together('CLOSE ALL', 'RESET ROLE', 'RESET ALL', 'UNLISTEN *', 'DEALLOCATE ALL');

/**
 * Ends a transaction and cleans its session under the same Sync: behind a pooler in transaction mode, a statement behind
 * the next Sync could run on another connection of the server.
 */
export const ENDING: Readonly<Record<'COMMIT' | 'ROLLBACK', Buffer>> = {
  COMMIT: Buffer.concat([together('COMMIT'), CLEAN]),
  ROLLBACK: Buffer.concat([together('ROLLBACK'), CLEAN]),
};

function together(...texts: string[]): Buffer {
  return Buffer.concat(texts.map((text) => encodeQuiet(text)));
}
