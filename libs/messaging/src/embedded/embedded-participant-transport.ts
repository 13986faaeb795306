import { pgExecutor } from '@tenantry/database';
import { Pool } from 'pg';
import type { Logger } from '../logger.js';
import { OpenSubscriptions } from '../open-subscriptions.js';
import { PEER_PATIENCE_MS, settledWithin } from '../settled-within.js';
import { EMBEDDED_NAMES, tracedParticipant } from '../telemetry/traced-transport.js';
import type { ParticipantTransport } from '../transport.js';
import { EmbeddedLifecycle } from './embedded-lifecycle.js';
import { EmbeddedState } from './embedded-state.js';

export interface EmbeddedParticipantOptions {
  /** Of the control plane's database, with this participant's own login (`putTransportLogin`). */
  readonly url: string;
  readonly logger: Logger;
  /** How many tenants' events are delivered at once. Default 4. */
  readonly concurrency?: number;
  /** How long the tenants of a member that died wait. Default 5 000. */
  readonly leaseMs?: number;
  /** The longest time between looks without being woken. Default 500. */
  readonly pollMs?: number;
  /** How often all state records are read again. Default 30 000. */
  readonly rescanMs?: number;
  /** After this long without an answer a statement has failed, and its connection is given up. Default 35 000. */
  readonly queryTimeoutMs?: number;
}

/**
 * The embedded transport's side of a service; who it is follows from the login. A group's name must be the participant's, or begin with it
 * and a dot. While the control plane's database is away everything waits and goes on by itself; only a refused
 * login or group is for ever.
 */
export function createEmbeddedParticipantTransport(
  options: EmbeddedParticipantOptions,
): ParticipantTransport {
  const { url, logger, concurrency = 4, leaseMs = 5_000, pollMs = 500, rescanMs = 30_000 } = options;
  const { queryTimeoutMs = 35_000 } = options;
  // Beside the work of each tenant there are two listeners, the renewals and the acknowledgements.
  const pool = new Pool({
    connectionString: url,
    max: concurrency + 4,
    application_name: 'tenantry-transport',
    connectionTimeoutMillis: 5_000,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  pool.on('error', (err) => logger.warn({ err }, 'transport lost an idle connection'));
  const sql = pgExecutor(pool);
  const subscriptions = new OpenSubscriptions();
  const transport: ParticipantTransport = {
    async consumeLifecycle(subscriber) {
      const member = new EmbeddedLifecycle({
        pool,
        logger,
        subscriber,
        concurrency,
        leaseMs,
        pollMs,
        backoff: { baseMs: 500, maxMs: 30_000 },
      });
      subscriptions.add(member.subscription);
      member.start();
      return member.subscription;
    },

    async followState(follower) {
      const state = new EmbeddedState({ pool, logger, follower, pollMs, rescanMs });
      subscriptions.add(state.subscription);
      await state.start();
      return state.subscription;
    },

    async acknowledge(messages) {
      if (messages.length === 0) return;
      await sql.query('SELECT tenantry.transport_acknowledge($1::text[], $2::json[])', [
        // A text holds no NUL; who sends one may be put in a wrong order, but not stuck.
        messages.map(({ subject }) => subject.replaceAll('\0', '')),
        messages.map((message) => JSON.stringify(message)),
      ]);
    },

    async close() {
      await subscriptions.stop();
      // It waits for statements that were sent, answered or not.
      await settledWithin([pool.end()], PEER_PATIENCE_MS);
    },
  };
  return tracedParticipant(transport, EMBEDDED_NAMES);
}
