/**
 * Where this library reports: a pino logger fits. The message is constant, everything variable is a field
 * (an error under `err`). The owner of the process decides where it goes.
 */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
