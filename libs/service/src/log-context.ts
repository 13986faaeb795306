import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields that every log line of a piece of work carries: `tenantId`, `operationId`, `eventId`, `traceId`, `requestId`. */
export type LogFields = Record<string, string>;

const storage = new AsyncLocalStorage<LogFields>();

/** Runs `work` with these fields added to whatever the surrounding work already carries. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...fields }, work);
}

/** Adds fields to the current piece of work from here on; outside of one it does nothing. */
export function addLogFields(fields: LogFields): void {
  const current = storage.getStore();
  if (current) Object.assign(current, fields);
}

/** The fields of the current piece of work. */
export function currentLogFields(): Readonly<LogFields> {
  return storage.getStore() ?? {};
}
