import { parseDurationMs } from '@tenantry/kernel';
import { InvalidRequest } from '@tenantry/service';

/** How long a participant may take to acknowledge unless it says otherwise. */
export const DEFAULT_ACK_TIMEOUT_MS = 300_000;
export const MIN_ACK_TIMEOUT_TEXT = 'PT1S';
export const MAX_ACK_TIMEOUT_TEXT = 'P7D';

const MIN_MS = 1000;
const MAX_MS = 7 * 86_400_000;

/** Reads an acknowledgement timeout in milliseconds; the default where there is none. @throws InvalidRequest */
export function ackTimeoutMsOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_ACK_TIMEOUT_MS;
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= MIN_MS && ms <= MAX_MS) return ms;
  const detail = `must be an ISO 8601 duration of days or smaller units from ${MIN_ACK_TIMEOUT_TEXT} to ${MAX_ACK_TIMEOUT_TEXT}, such as PT5M`;
  throw new InvalidRequest([{ in: 'body', pointer: '/ackTimeout', detail }]);
}
