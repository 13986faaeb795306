const LEVELS: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
};
const OMITTED = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'service']);

/** Turns a JSON log line into `12:34:56.789 INFO  message field=value`; any other line stays as it is. */
export function readableLogLine(line: string): string {
  const entry = parse(line);
  if (!entry) return line;
  const time = new Date(
    typeof entry['time'] === 'number' || typeof entry['time'] === 'string' ? entry['time'] : Date.now(),
  );
  const level = LEVELS[Number(entry['level'])] ?? text(entry['level']).toUpperCase();
  const fields = Object.entries(entry)
    .filter(([name]) => !OMITTED.has(name))
    .map(
      ([name, value]) =>
        ` ${name}=${typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)}`,
    );
  return `${time.toISOString().slice(11, 23)} ${level.padEnd(5)} ${text(entry['msg'])}${fields.join('')}`;
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
