import { v7, validate } from 'uuid';

/** A new UUIDv7 (RFC 9562): sortable by creation time, made by the application, never by the database. */
export function newId(): string {
  return v7();
}

/** Whether `text` is a UUID of any version, in the canonical 8-4-4-4-12 form (either case). */
export function isUuid(text: unknown): text is string {
  return typeof text === 'string' && validate(text);
}
