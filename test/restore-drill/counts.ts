import { queryAt } from './control-server.ts';
import type { DrillSystem } from './drill-system.ts';

/** Something that must not have happened, and how often it has. */
export interface Count {
  readonly what: string;
  readonly found: number;
}

/** Numbers that the control plane gave out since its epoch was raised. */
const SINCE_RAISED = 'tenant_seq >= (SELECT epoch FROM tenantry.epoch) * 4294967296';

/** Reads both databases once everything has come to rest, knowing of neither what the processes think. */
export async function counts({ adminUrls }: DrillSystem): Promise<readonly Count[]> {
  const control = <R extends object>(text: string) => queryAt<R>(adminUrls['control-plane'], text);
  const data = <R extends object>(text: string) => queryAt<R>(adminUrls['data-plane'], text);
  const one = async (rows: Promise<{ n: number }[]>): Promise<number> => (await rows)[0]?.n ?? Number.NaN;

  const tenants = await control<{ id: string; seq: string }>(
    'SELECT id, tenant_seq::text AS seq FROM tenantry.tenant',
  );
  const positions = await data<{ id: string; seq: string }>(
    'SELECT tenant_id AS id, last_seq::text AS seq FROM tenantry.consumer_position',
  );
  const reached = new Map(positions.map(({ id, seq }) => [id, seq]));
  return [
    {
      what: 'events that the data plane has not passed',
      found: tenants.filter(({ id, seq }) => reached.get(id) !== seq).length,
    },
    {
      what: 'sequences that were left out or given out twice',
      found: await one(
        control(`SELECT count(*)::int AS n FROM (SELECT tenant_seq - lag(tenant_seq) OVER (PARTITION BY tenant_id ORDER BY tenant_seq) AS step
          FROM tenantry.tenant_event WHERE ${SINCE_RAISED}) s WHERE step IS DISTINCT FROM 1 AND step IS NOT NULL`),
      ),
    },
    {
      what: 'facts that were announced twice for one generation',
      found: await one(
        control(`SELECT count(*)::int AS n FROM (SELECT FROM tenantry.tenant_event
          WHERE ${SINCE_RAISED} AND type IN ('tenant.provisioned.v1', 'tenant.suspended.v1', 'tenant.reactivated.v1')
          GROUP BY tenant_id, type, envelope->>'generation' HAVING count(*) > 1) s`),
      ),
    },
    {
      what: 'operations since then that have not succeeded',
      found: await one(
        control(`SELECT count(*)::int AS n FROM tenantry.operation
          WHERE generation >= (SELECT epoch FROM tenantry.epoch) * 4294967296 AND state <> 'succeeded'`),
      ),
    },
    {
      what: 'events that could not be read, or are parked',
      found: await one(
        data(
          `SELECT ((SELECT count(*) FROM tenantry.rejected_event) + (SELECT count(*) FROM tenantry.parked_fact))::int AS n`,
        ),
      ),
    },
  ];
}
