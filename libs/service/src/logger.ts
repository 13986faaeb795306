import type { DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { currentLogFields } from './log-context.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const SECRET_NAMES = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'key',
  'apiKey',
  'token',
  'connectionString',
];

/**
 * The process's logger: JSON lines, RFC 3339 times, the fields of the current work on every line, and secrets
 * redacted by name at the top level and one below.
 * @param destination standard output unless given.
 */
export function createLogger(
  options: { readonly service: string; readonly level?: LogLevel },
  destination?: DestinationStream,
): Logger {
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => ({ ...currentLogFields() }),
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination,
  );
}

/** Makes Nest log through the process's logger. Request lines are written by the request log, so no middleware is bound. */
export function loggingModule(logger: Logger): DynamicModule {
  return LoggerModule.forRoot({ pinoHttp: { logger }, forRoutes: [] });
}
