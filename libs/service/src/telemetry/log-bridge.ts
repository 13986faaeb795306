import { SeverityNumber, type AnyValue, type Logger as OtelLogger } from '@opentelemetry/api';
import { logs } from '@opentelemetry/api';

const SEVERITIES: Readonly<Record<string, SeverityNumber>> = {
  trace: SeverityNumber.TRACE,
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
  fatal: SeverityNumber.FATAL,
};

let taker: OtelLogger | undefined;

/** Whether log lines are sent to a collector as well, from here on. */
export function bridgeLogs(on: boolean): void {
  taker = on ? logs.getLogger('@tenantry/service') : undefined;
}

/**
 * Hands a line that is about to be written on to the collector: as it is written, so that what is redacted there is redacted here. It is
 * called in the context of whoever logs, which is how the record comes to its trace.
 */
export function bridgeLine(line: string): void {
  if (!taker) return;
  const { level, time, msg, err, service: _service, pid: _pid, ...fields } = JSON.parse(line) as LogLine;
  taker.emit({
    severityText: level,
    severityNumber: SEVERITIES[level] ?? SeverityNumber.UNSPECIFIED,
    timestamp: new Date(time),
    body: msg ?? '',
    attributes: { ...fields, ...exceptionOf(err) },
  });
}

interface LogLine {
  readonly level: string;
  readonly time: string;
  readonly msg?: string;
  readonly err?: { readonly type?: string; readonly message?: string; readonly stack?: string };
  readonly [field: string]: AnyValue;
}

function exceptionOf(err: LogLine['err']): Record<string, AnyValue> {
  if (!err) return {};
  return {
    'exception.type': err.type,
    'exception.message': err.message,
    'exception.stacktrace': err.stack,
  };
}
