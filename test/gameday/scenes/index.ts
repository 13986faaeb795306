import { CHECKPOINTS_STOPPED, CLUSTER_FULL, DATA_LOST, ISOLATION_HOLE } from './books.ts';
import { ANSWERS_REFUSED, RELAY_CUT_OFF, SERVICE_BROKEN, SERVICE_CUT_OFF } from './event-bus.ts';
import { RELAY_GONE, SERVICE_GONE, VERIFIER_GONE, WORKER_GONE } from './processes.ts';
import type { Round } from './scene.ts';
import { API_FAILS, API_SLOW, MIGRATIONS_PENDING, SERVICE_AWAY, SERVICE_BLOCKED } from './serving.ts';

/** First what burns a budget, since that takes longest to clear. */
export const ROUNDS: readonly Round[] = [
  [API_FAILS, SERVICE_BLOCKED],
  [API_SLOW, SERVICE_AWAY],
  [VERIFIER_GONE, CLUSTER_FULL, ISOLATION_HOLE],
  [MIGRATIONS_PENDING, ANSWERS_REFUSED],
  [DATA_LOST, CHECKPOINTS_STOPPED],
  [SERVICE_CUT_OFF],
  [RELAY_CUT_OFF],
  [SERVICE_BROKEN],
  [SERVICE_GONE],
  [WORKER_GONE],
  [RELAY_GONE],
];
export type { Round, Scene } from './scene.ts';
