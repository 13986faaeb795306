import type { SqlExecutor } from '@tenantry/database';
import { GaugeGroup } from './gauge-group.js';

const PENDING = 'tenantry_acknowledgements_pending';
const OLDEST = 'tenantry_acknowledgements_oldest_age_seconds';

/** How far a participant is behind with saying what it has done: `CONSUMER_SQL`'s outbox of answers, as gauges. */
export function acknowledgementLag(sql: SqlExecutor): GaugeGroup<typeof PENDING | typeof OLDEST> {
  return new GaugeGroup({
    meter: '@tenantry/messaging',
    gauges: {
      [PENDING]: { description: 'Answers of this service that wait to be sent.' },
      [OLDEST]: { description: 'How long the oldest of them has waited; 0 when none does.', unit: 's' },
    },
    read: async (observe) => {
      const [row] = await sql.query<{ pending: number; oldest: number | null }>(
        `SELECT (SELECT count(*)::int FROM tenantry.acknowledgement_outbox) AS pending,
           (SELECT extract(epoch FROM now() - (envelope->>'time')::timestamptz)::float8
            FROM tenantry.acknowledgement_outbox ORDER BY enqueue_no LIMIT 1) AS oldest`,
      );
      observe(PENDING, row?.pending ?? 0);
      // The envelope has the time of this process, the age is by the database's.
      observe(OLDEST, Math.max(0, row?.oldest ?? 0));
    },
  });
}
