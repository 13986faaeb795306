import { Client } from 'pg';
import { StatementRun } from './protocol/statement-run.js';

/** What the driver says when `query_timeout` is over; it has no code. */
const READ_TIMEOUT = 'Query read timeout';

/**
 * A connection that closes itself when the answer to a statement does not come in time. The driver would leave it open
 * with the statement still running: a ROLLBACK would queue up behind it, and so would the next borrower.
 */
export class TimedClient extends Client {
  override query(...args: never[]): never {
    const asked: unknown = Reflect.apply(super.query, this, args);
    const answer = asked instanceof StatementRun ? asked.done : asked;
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if (error instanceof Error && error.message === READ_TIMEOUT) void this.end();
      });
    }
    return asked as never;
  }
}
