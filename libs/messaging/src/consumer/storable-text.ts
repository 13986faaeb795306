/** Text that Postgres takes and that stays within a bound: NUL and lone surrogates become U+FFFD. */
export function storableText(text: unknown, maxLength: number): string {
  return String(text).slice(0, maxLength).toWellFormed().replaceAll('\0', '\uFFFD');
}

const MAX_ERROR_LENGTH = 2000;

const MAX_STACK_LENGTH = 8000;

/** Where an error came from, for people; undefined when it does not say. */
export function stackText(error: unknown): string | undefined {
  return error instanceof Error && error.stack ? storableText(error.stack, MAX_STACK_LENGTH) : undefined;
}

/** What an acknowledgement or a parked fact says about an error: its message alone, never its stack or fields. */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return storableText(message, MAX_ERROR_LENGTH);
}
