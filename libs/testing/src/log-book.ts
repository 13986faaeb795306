import { readableLogLine } from './readable-log.js';

const KEPT_LINES = 20_000;
const PRINTED_LINES = 200;

/** Where libs/testing/jest-environment.mjs finds the logs to print when a test fails. */
const OPEN_BOOKS = Symbol.for('tenantry.testing.logs');

/** What the processes of a system have written, in the order of arrival; the oldest lines go first when it is full. */
export class LogBook {
  private readonly entries: { readonly source: string; readonly line: string }[] = [];

  constructor() {
    openBooks().add(this);
  }

  add(source: string, line: string): void {
    this.entries.push({ source, line });
    if (this.entries.length > KEPT_LINES) this.entries.shift();
  }

  lines(source: string): string[] {
    return this.entries.filter((entry) => entry.source === source).map(({ line }) => line);
  }

  /** The last lines of all, made readable. */
  print(): string {
    return this.entries
      .slice(-PRINTED_LINES)
      .map(({ source, line }) => `${source.padEnd(13)} ${readableLogLine(line)}`)
      .join('\n');
  }

  /** It is no longer printed when a test fails. */
  close(): void {
    openBooks().delete(this);
  }
}

function openBooks(): Set<LogBook> {
  const shared = globalThis as { [OPEN_BOOKS]?: Set<LogBook> };
  return (shared[OPEN_BOOKS] ??= new Set());
}
