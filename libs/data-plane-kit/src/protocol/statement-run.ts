import {
  DatabaseError,
  Query,
  type Connection,
  type PoolClient,
  type QueryConfig,
  type QueryResult,
} from 'pg';
import { serialize } from 'pg-protocol';
import type { EncodedStatement, SqlStatement } from './encoded-statement.js';

/** The part of the driver's query that a run builds on; pipelining.db.spec.ts notices when it changes. */
interface DriverQuery {
  callback: (error: Error | null, result: QueryResult) => void;
  readonly _result: QueryResult;
  submit(connection: Connection): Error | null;
  handleRowDescription(message: object): void;
  handleDataRow(message: object): void;
  handleCommandComplete(message: CommandComplete, connection: Connection): void;
  handleEmptyQuery(connection: Connection): void;
  handleError(error: Error, connection: Connection): void;
  handleCopyInResponse(connection: CopyingConnection): void;
}

interface CommandComplete {
  /** The command's tag, e.g. `INSERT 0 1`. */
  readonly text: string;
}

interface CopyingConnection extends Connection {
  sendCopyFail(message: string): void;
}

// A class of its own would be no query to the driver, which in places looks for its own class.
const DriverQuery = Query as unknown as new (config: QueryConfig | string) => DriverQuery;

const SYNC = serialize.sync();

export interface RunParts {
  /** Statements whose rows nobody looks at, encoded one by one, in their order. */
  readonly before?: readonly Buffer[];
  /** The statement whose result is the result of the run. */
  readonly asked?: EncodedStatement | undefined;
  /** The same, encoded together. */
  readonly after?: Buffer;
}

/**
 * Several statements under one Sync, in one round trip: when one fails, the server runs none behind it (FENCE, Pipelining).
 * One query after the other, each with its own Sync, would run them: behind a BEGIN that failed outside any transaction.
 *
 * All of it was encoded before; what `submit` writes is complete.
 */
export class StatementRun extends DriverQuery {
  /** The tags of the statements that have ended, in their order. */
  readonly tags: string[] = [];
  /** Settles when the server is ready for the next statement, so that the transaction's status is known by then. */
  readonly done: Promise<QueryResult>;
  private readonly bytes: Buffer;
  private readonly askedAt: number;

  constructor({ before = [], asked, after }: RunParts) {
    super(formOf(asked?.statement));
    this.askedAt = asked ? before.length : -1;
    this.bytes = Buffer.concat([...before, ...(asked ? [asked.bytes] : []), ...(after ? [after] : []), SYNC]);
    this.done = new Promise((resolve, reject) => {
      this.callback = (error, result) => (error ? reject(error) : resolve(result));
    });
  }

  /** What the asked statement answered; complete when its tag is there. */
  get result(): QueryResult {
    return this._result;
  }

  override submit(connection: Connection): null {
    connection.stream.write(this.bytes);
    return null;
  }

  override handleDataRow(message: object): void {
    if (this.tags.length === this.askedAt) super.handleDataRow(message);
  }

  override handleCommandComplete(message: CommandComplete, connection: Connection): void {
    if (this.tags.length === this.askedAt) super.handleCommandComplete(message, connection);
    this.tags.push(message.text);
  }

  override handleEmptyQuery(): void {
    this.tags.push('');
  }

  override handleCopyInResponse(connection: CopyingConnection): void {
    connection.sendCopyFail('COPY FROM STDIN is not possible here');
    // The first one was lost on the server, which was waiting for rows.
    connection.sync();
  }

  override handleError(error: Error, connection: Connection): void {
    if (!(error instanceof DatabaseError)) return super.handleError(error, connection);
    const settle = (): void => {
      connection.off('readyForQuery', settle).off('end', settle);
      super.handleError(error, connection);
    };
    connection.on('readyForQuery', settle).on('end', settle);
  }
}

/**
 * Sends a run and waits until the server is ready again.
 *
 * @throws the first error of its statements, or of the connection; `run.tags` then says how many had ended.
 */
export async function sendRun(client: PoolClient, run: StatementRun): Promise<QueryResult> {
  client.query(run);
  try {
    return await run.done;
  } catch (error) {
    // Leads to who asked, instead of to the socket.
    if (error instanceof Error) Error.captureStackTrace(error);
    throw error;
  }
}

/** How its rows are wanted. The text is not needed any more, and a plain one spares the driver a copy of an object. */
function formOf(statement: SqlStatement | undefined): QueryConfig | string {
  if (!statement?.rowMode && !statement?.types) return '';
  const { rowMode, types } = statement;
  return { text: '', ...(rowMode && { rowMode }), ...(types && { types }) };
}
