import { Client } from 'pg';

/** What the driver says when `query_timeout` is over; it has no code. */
const READ_TIMEOUT = 'Query read timeout';

/**
 * A connection that closes itself when the answer to a statement does not come in time. The driver would leave it open
 * with the statement still running: a ROLLBACK would queue up behind it, and so would the next borrower.
 */
export class TimedClient extends Client {
  override query(...args: never[]): never {
    const answer: unknown = Reflect.apply(super.query, this, args);
    if (answer instanceof Promise) {
      answer.catch((error: unknown) => {
        if (error instanceof Error && error.message === READ_TIMEOUT) void this.end();
      });
    }
    return answer as never;
  }
}
