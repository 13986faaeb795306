import { env } from './environment.js';

/** How a process leaves; the same for each of them. */
export const SHUTDOWN_VARIABLES = {
  /**
   * How long after SIGTERM a process with an API goes on answering while `/readyz` says 503: what load balancers need to notice. An
   * orchestrator's grace period has to be longer than both of these together.
   */
  shutdownDrainMs: env.durationMs('SHUTDOWN_DRAIN', 5_000),
  /** How long it then has to finish what is under way and to hand back its work. */
  shutdownTimeoutMs: env.durationMs('SHUTDOWN_TIMEOUT', 25_000),
};
