import pg, { type CustomTypesConfig } from 'pg';
import { serialize } from 'pg-protocol';

/** One statement with bound parameters, and how its rows are wanted. */
export interface SqlStatement {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Rows as arrays instead of objects. */
  readonly rowMode?: 'array';
  /** Instead of the connection's parsers of values. */
  readonly types?: CustomTypesConfig;
}

/** A statement as it goes over the wire; nothing about it can fail on this side any more. */
export interface EncodedStatement {
  readonly statement: SqlStatement;
  readonly bytes: Buffer;
}

/** How the driver turns JavaScript's values into parameters. It exports this and declares no type for it. */
const { prepareValue } = (
  pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } }
).utils;

/**
 * A statement whose rows are wanted. Always unnamed: what is prepared under a name outlives its transaction, and behind a
 * pooler its connection.
 *
 * @throws what a value throws while it is turned into a parameter; nothing was sent then.
 */
export function encode(statement: SqlStatement): EncodedStatement {
  const { text, values = [] } = statement;
  return {
    statement,
    bytes: Buffer.concat([...opened(text, values), serialize.describe({ type: 'P' }), serialize.execute()]),
  };
}

/** A statement whose rows, if it has any, nobody looks at. @throws as `encode`. */
export function encodeQuiet(text: string, values: readonly unknown[] = []): Buffer {
  return Buffer.concat([...opened(text, values), serialize.execute()]);
}

function opened(text: string, values: readonly unknown[]): Buffer[] {
  // Prepared before anything is serialised: the serialiser keeps one buffer, which an exception would leave half full.
  const prepared = values.map((value) => prepareValue(value));
  return [serialize.parse({ text }), serialize.bind({ values: prepared })];
}
