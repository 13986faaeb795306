import type { SqlExecutor } from '@tenantry/database';
import { SILENT_AFTER_MS } from '../participants/hear.js';
import { findingsOf, type Finding } from './finding.js';

const { ok, warn, fail } = findingsOf('participants');

interface Row {
  readonly name: string;
  readonly required: boolean;
  readonly retired: boolean;
  readonly silentSeconds: number | null;
}

/** When each participant was last heard of. One that is retired is left out. */
export async function participantFindings(sql: SqlExecutor): Promise<readonly Finding[]> {
  const rows = await sql.query<Row>(
    `SELECT name, required, retired_at IS NOT NULL AS retired,
       extract(epoch FROM tenantry.now() - last_heartbeat_at)::float8 AS "silentSeconds"
     FROM tenantry.participant ORDER BY name`,
  );
  const active = rows.filter(({ retired }) => !retired);
  if (active.length === 0)
    return [
      warn(
        'any',
        'there is none, so tenants become active with nobody having done anything',
        'name them in PARTICIPANTS for main.migrate, or PUT /v1/participants/{name}',
      ),
    ];
  return active.map(judge);
}

function judge({ name, required, silentSeconds }: Row): Finding {
  const verdict = required ? fail : warn;
  const waits = required ? 'tenants wait for it' : 'nobody waits for it';
  if (silentSeconds === null)
    return verdict(
      name,
      `it was never heard of; ${waits}`,
      `start the service with PARTICIPANT_NAME=${name} and the same transport; one that is not wanted: DELETE /v1/participants/${name}`,
    );
  const seconds = Math.max(0, Math.round(silentSeconds));
  if (seconds * 1000 > SILENT_AFTER_MS)
    return verdict(
      name,
      `its last sign of life was ${seconds} s ago; ${waits}`,
      `look at the service's log and its /healthz; it gives one every 30 s through its acknowledgement channel`,
    );
  return ok(name, `heard of ${seconds} s ago`);
}
