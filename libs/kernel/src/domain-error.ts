/** Values that may be shown to whoever caused the error: no secrets, nothing of another tenant. */
export type SafeFields = Readonly<Record<string, unknown>>;

/**
 * The base of every error that a rule raises on purpose. It knows nothing of HTTP: the problem catalogue of
 * the service library maps `code` to a type and a status.
 */
export abstract class DomainError extends Error {
  /** Stable, kebab-case, part of the public contract. */
  abstract readonly code: string;
  readonly fields: SafeFields;

  /** @param message what is wrong, where, and what to do next; shown to the caller. */
  constructor(message: string, fields: SafeFields = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.fields = fields;
  }
}
