import type { Severity } from './finding.js';

/**
 * One question to the catalogue. Its SQL follows `SUBJECTS_SQL`, whose names it uses, and selects a row for each hole:
 * `type` and `name` of the object, `what` can happen, `mend` in SQL, and, where it differs from the probe's, `severity`.
 */
export interface Probe {
  /** Stable, since allow-lists name it. */
  readonly id: string;
  /** The number of the hole; see `HOLES`. */
  readonly hole: number;
  readonly severity: Severity;
  readonly title: string;
  readonly sql: string;
}
