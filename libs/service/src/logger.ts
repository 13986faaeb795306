import type { DynamicModule } from '@nestjs/common';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { LoggerModule } from 'nestjs-pino';
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino';
import { errorFields } from './error-fields.js';
import { currentLogFields } from './log-context.js';
import { bridgeLine } from './telemetry/log-bridge.js';

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
 * The process's logger: JSON lines, RFC 3339 times, the fields of the current work on every line, secrets
 * redacted by name at the top level and one below, and of an error (under `err`) only what {@link errorFields} reads.
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
      serializers: { err: (error: unknown) => errorFields(error) },
      mixin: () => ({ ...activeSpanFields(), ...currentLogFields() }),
      hooks: {
        streamWrite: (line) => {
          bridgeLine(line);
          return line;
        },
      },
      redact: { paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    destination,
  );
}

/** Where the line belongs in a trace, while there is one. */
function activeSpanFields(): { traceId?: string; spanId?: string } {
  const active = trace.getActiveSpan()?.spanContext();
  return active && isSpanContextValid(active) ? { traceId: active.traceId, spanId: active.spanId } : {};
}

/** Makes Nest log through the process's logger. Request lines are written by the request log, so no middleware is bound. */
export function loggingModule(logger: Logger): DynamicModule {
  // Without this the module's own child logger would serialize errors whole.
  const serializers = { err: (error: unknown) => errorFields(error) };
  return LoggerModule.forRoot({ pinoHttp: { logger, serializers, wrapSerializers: false }, forRoutes: [] });
}
