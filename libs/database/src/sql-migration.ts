/** One step of a schema. Immutable once released: a mended step is a new one. */
export interface SqlMigration {
  /** Unique in its database and never reused, e.g. `messaging-0001-outbox`. */
  readonly name: string;
  /** Plain SQL, any number of statements; runs in one transaction. */
  readonly sql: string;
  /**
   * Says, in words, why what it takes away hurts nobody: since which release nobody uses it any more, or that a constraint is over what
   * it adds itself. A migration without this may only add, since the release before works on the schema while it is replaced.
   */
  readonly contracts?: string;
}
