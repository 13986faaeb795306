/** How tenants are watched in one process. */
export interface WatchSettings {
  /** More than so many streams at a time are refused. */
  readonly maxWatchers: number;
  /** How often changes of other processes are looked for. */
  readonly pollMs: number;
  /** The least time between two looks, however much is committed here. */
  readonly paceMs: number;
  readonly heartbeatMs: number;
  /** A stream ends after this time; its client comes back and shows its key again, which may be revoked by then. */
  readonly maxAgeMs: number;
}

export const WATCH_SETTINGS = Symbol('WATCH_SETTINGS');

export const DEFAULT_WATCH_SETTINGS: WatchSettings = {
  maxWatchers: 100,
  pollMs: 1000,
  paceMs: 100,
  heartbeatMs: 15_000,
  maxAgeMs: 15 * 60_000,
};
