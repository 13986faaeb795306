import type { SqlExecutor } from '@tenantry/database';
import type { Finding, Severity } from './finding.js';
import type { Probe } from './probe.js';
import { CATALOGUE_PROBES } from './probes/all-probes.js';
import { SUBJECTS_SQL } from './subjects.sql.js';

/** Findings of one probe that are listed. */
const MOST = 200;

interface FoundRow {
  readonly probe: string;
  readonly type: string;
  readonly name: string;
  readonly what: string;
  readonly mend: string;
  readonly severity: Severity | null;
  /** How many the probe has found in all. */
  readonly of: string;
}

export interface Answers {
  readonly findings: readonly Finding[];
  /** How many findings of a probe are not listed. */
  readonly unlisted: Readonly<Record<string, number>>;
}

/** All in one statement: what they have in common is then gathered once, which counts where there are many thousand tables. */
const ALL_SQL = `${SUBJECTS_SQL}\n${CATALOGUE_PROBES.map(selectOf).join('\nUNION ALL\n')}`;

function selectOf({ id, sql }: Probe): string {
  return `(SELECT '${id}' AS probe, p.type::text, p.name::text, p.what::text, p.mend::text, to_jsonb(p)->>'severity' AS severity,
  count(*) OVER () AS "of" FROM (${sql}) p ORDER BY p.name LIMIT ${MOST})`;
}

/** @param parameters those of `SUBJECTS_SQL`. */
export async function askProbes(sql: SqlExecutor, parameters: readonly unknown[]): Promise<Answers> {
  const rows = await sql.query<FoundRow>(ALL_SQL, parameters);
  const unlisted: Record<string, number> = {};
  const findings = rows.map((row) => {
    const probe = CATALOGUE_PROBES.find(({ id }) => id === row.probe)!;
    if (Number(row.of) > MOST) unlisted[probe.id] = Number(row.of) - MOST;
    return {
      probe: probe.id,
      hole: probe.hole,
      severity: row.severity ?? probe.severity,
      object: { type: row.type, name: row.name },
      what: row.what,
      mend: row.mend,
    };
  });
  return { findings, unlisted };
}
