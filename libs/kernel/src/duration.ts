const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The longest duration that is accepted anywhere: P3650D, in milliseconds. */
export const MAX_DURATION_MS = 3650 * DAY_MS;

const ISO_DURATION = /^P(?:(\d{1,9})D)?(?:T(?=\d)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})S)?)?$/;

/**
 * Reads an ISO 8601 duration of days or smaller units (`P30D`, `PT90S`, `P1DT12H`) as milliseconds.
 * Years, months and weeks are refused, since their length depends on the calendar or is seldom meant;
 * so are fractions, signs and the empty duration.
 *
 * @returns the length in milliseconds, or `undefined` when the text is no such duration or is longer than P3650D.
 */
export function parseDurationMs(text: string): number | undefined {
  const match = ISO_DURATION.exec(text);
  if (!match || text === 'P') return undefined;
  const [, days, hours, minutes, seconds] = match;
  const ms =
    Number(days ?? 0) * DAY_MS +
    Number(hours ?? 0) * HOUR_MS +
    Number(minutes ?? 0) * MINUTE_MS +
    Number(seconds ?? 0) * SECOND_MS;
  return ms <= MAX_DURATION_MS ? ms : undefined;
}

/** Writes whole seconds as an ISO 8601 duration in days and smaller units; 0 is `PT0S`. Parts of a second are cut off. */
export function formatDurationMs(ms: number): string {
  let rest = Math.floor(ms / SECOND_MS);
  if (rest <= 0) return 'PT0S';
  const days = Math.floor(rest / 86_400);
  rest -= days * 86_400;
  const hours = Math.floor(rest / 3600);
  rest -= hours * 3600;
  const minutes = Math.floor(rest / 60);
  const seconds = rest - minutes * 60;
  const time = `${hours ? `${hours}H` : ''}${minutes ? `${minutes}M` : ''}${seconds ? `${seconds}S` : ''}`;
  return `P${days ? `${days}D` : ''}${time ? `T${time}` : ''}`;
}
