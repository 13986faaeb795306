/** Text that Postgres takes and that stays within a bound: NUL and lone surrogates become U+FFFD. */
export function storableText(text: unknown, maxLength: number): string {
  return String(text).slice(0, maxLength).toWellFormed().replaceAll('\0', '\uFFFD');
}

const MAX_ERROR_LENGTH = 2000;

/** What an acknowledgement or a parked fact says about an error: its message alone, never its stack or fields. */
export function errorText(error: unknown): string {
  const message = error instanceof Error ? error.message || error.name : String(error);
  return storableText(message, MAX_ERROR_LENGTH);
}
