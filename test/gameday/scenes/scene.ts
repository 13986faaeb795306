import type { Stage } from '../stage.ts';

/** One trouble, caused for real, and mended again. */
export interface Scene {
  /** What happens, as it would stand in an incident's first line. */
  readonly trouble: string;
  /** Who has to notice: alerts by name, with the severity where there are two of a name. */
  readonly alerts: readonly string[];
  cause(stage: Stage): Promise<void>;
  mend(stage: Stage): Promise<void>;
}

/** Scenes that do not get into each other's way, played at the same time. */
export type Round = readonly Scene[];
