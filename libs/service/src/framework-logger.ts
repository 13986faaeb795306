import type { LoggerService } from '@nestjs/common';
import { Logger } from 'nestjs-pino';

/** Nest's own messages, through the process's logger. What it reports of its start-up is of local interest: debug. */
export class FrameworkLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...context: unknown[]): void {
    this.logger.debug(message, ...context);
  }

  debug(message: unknown, ...context: unknown[]): void {
    this.logger.debug(message, ...context);
  }

  verbose(message: unknown, ...context: unknown[]): void {
    this.logger.verbose(message, ...context);
  }

  warn(message: unknown, ...context: unknown[]): void {
    this.logger.warn(message, ...context);
  }

  error(message: unknown, ...context: unknown[]): void {
    this.logger.error(message, ...context);
  }

  fatal(message: unknown, ...context: unknown[]): void {
    this.logger.fatal(message, ...context);
  }
}
