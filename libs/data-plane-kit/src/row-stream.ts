import type { QueryResult } from 'pg';
import type { SqlStatement } from './protocol/encoded-statement.js';

/** A cursor to be, and how many rows it gives at once. */
export interface Cursor {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
  readonly batchRows: number;
}

/** The transaction in which a cursor lives. */
export interface CursorHost {
  /** Opens the cursor and fetches from it in one round trip. */
  begin(declare: SqlStatement, fetch: SqlStatement): Promise<QueryResult>;
  fetch(statement: SqlStatement): Promise<QueryResult>;
  isOpen(): boolean;
}

/**
 * The rows of a cursor. A cursor of SQL and not the protocol's suspended portal: other statements can run between two
 * batches, and behind a pooler it lives as long as its transaction.
 *
 * @throws RangeError for a number of rows below 1.
 */
export async function* rowsOfCursor<R extends object>(
  { name, text, values, batchRows }: Cursor,
  host: CursorHost,
): AsyncGenerator<R, void, undefined> {
  if (!Number.isSafeInteger(batchRows) || batchRows < 1) throw new RangeError('batchRows must be at least 1');
  const fetch = { text: `FETCH FORWARD ${batchRows} FROM ${name}` };
  let batch = await host.begin({ text: `DECLARE ${name} NO SCROLL CURSOR FOR ${text}`, values }, fetch);
  try {
    while (batch.rows.length > 0) {
      yield* batch.rows as R[];
      if (batch.rows.length < batchRows) return;
      batch = await host.fetch(fetch);
    }
  } finally {
    // It ends with the transaction anyway, at the latest; in a failed one nothing can be closed.
    if (host.isOpen()) await host.fetch({ text: `CLOSE ${name}` }).catch(() => undefined);
  }
}
