/** A row as the driver gives it; bigint and numeric columns arrive as strings. */
export type Row = Record<string, unknown>;

/**
 * Something that runs one SQL statement with bound parameters: a pg client, a pool, or a TypeORM entity manager.
 * Code that takes part in a caller's transaction takes one of these and never opens a connection of its own.
 */
export interface SqlExecutor {
  query<R extends object = Row>(text: string, params?: readonly unknown[]): Promise<R[]>;
}
