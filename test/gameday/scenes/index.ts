import { CHECKPOINTS_STOPPED, CLUSTER_FULL, DATA_LOST, ISOLATION_HOLE } from './books.ts';
import { ANSWERS_REFUSED, RELAY_CUT_OFF, SERVICE_BROKEN, SERVICE_CUT_OFF } from './event-bus.ts';
import { RELAY_GONE, SERVICE_GONE, VERIFIER_GONE, WORKER_GONE } from './processes.ts';
import type { Round } from './scene.ts';
import {
  API_FAILS,
  API_SLOW,
  CONNECTIONS_EXHAUSTED,
  MIGRATIONS_PENDING,
  SERVICE_FAILS,
  SERVICE_SLOW,
} from './serving.ts';

/** First what takes longest to clear: a burn rate. What is slow fails now and then, so failing comes before it. */
export const ROUNDS: readonly Round[] = [
  [API_FAILS, SERVICE_FAILS],
  [API_SLOW, SERVICE_SLOW],
  [VERIFIER_GONE, CLUSTER_FULL, ISOLATION_HOLE],
  [MIGRATIONS_PENDING, CONNECTIONS_EXHAUSTED, ANSWERS_REFUSED],
  [DATA_LOST, CHECKPOINTS_STOPPED],
  [SERVICE_CUT_OFF],
  [RELAY_CUT_OFF],
  [SERVICE_BROKEN],
  [SERVICE_GONE],
  [WORKER_GONE],
  [RELAY_GONE],
];
export type { Round, Scene } from './scene.ts';
