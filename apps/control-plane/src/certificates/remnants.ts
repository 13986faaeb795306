import type { ParticipantPart, Remnant } from './certificate.js';
import { leftOutOf } from './scan-findings.js';

/** For how long an installation keeps what no purge reaches, in milliseconds; unset where it does not say. */
export interface RetentionStatements {
  readonly backupsMs?: number | undefined;
  readonly eventsMs?: number | undefined;
}

const UNSTATED = 'This installation does not state for how long.';

/** What is left of a purged tenant, honestly: also what nobody can remove, or should. */
export function remnantsOf(
  purgedAt: Date,
  parts: readonly ParticipantPart[],
  { backupsMs, eventsMs }: RetentionStatements,
): Remnant[] {
  const until = (ms: number | undefined): string | null =>
    ms === undefined ? null : new Date(purgedAt.getTime() + ms).toISOString();
  return [
    {
      what: 'Backups of the databases that were made before the purge',
      why: `They are not rewritten; they expire.${backupsMs === undefined ? ` ${UNSTATED}` : ''}`,
      until: until(backupsMs),
    },
    {
      what: 'Lifecycle events on the broker: ids, states and places, no data of the tenant',
      why: `They expire with their topic.${eventsMs === undefined ? ` ${UNSTATED}` : ''}`,
      until: until(eventsMs),
    },
    {
      what: 'The history of the same events in the control plane',
      why: 'Services are told from it what happened. Whole months of it are dropped when they are old and nothing needs them any more.',
      until: null,
    },
    {
      what: 'The state record: id, slug, plan, region and the state PURGED',
      why: 'It keeps every service, also one that comes later, from taking the tenant for alive.',
      until: null,
    },
    {
      what: 'The control plane’s record of the tenant: id, slug, name, plan, labels, operations and their evidence',
      why: 'The slug is never given out again, and the purge stays explicable.',
      until: null,
    },
    {
      what: `The services’ own bookkeeping, the tombstone above all: ${bookkeeping(parts)}`,
      why: 'It stops a late request from bringing the tenant back.',
      until: null,
    },
    {
      what: 'The requests to the services and their answers, in their inboxes and in the control plane: ids, counts and names of tables',
      why: 'A request that comes twice is answered as it was; what was refused stays explicable.',
      until: null,
    },
    {
      what: 'Logs and traces of the control plane and the services: ids of the tenant and of requests',
      why: `They expire where they are collected. ${UNSTATED}`,
      until: null,
    },
    {
      what: `Databases that the scan was not to look at: ${notLookedAt(parts)}`,
      why: 'Templates, and what the operator left out. Neither does a scan look at anything that is not a scanned database.',
      until: null,
    },
    {
      what: 'This certificate, and the checkpoints and exports of the audit log that were kept elsewhere',
      why: 'They are the proof of the purge, for whoever holds them.',
      until: null,
    },
    {
      what: 'The entries about the tenant in the audit log',
      why: 'They are the proof of the purge; nothing can be taken out of the log.',
      until: null,
    },
  ];
}

/**
 * What the independent scans counted of it: the most that one of them saw, since several see the same rows. Without a scan, what the
 * participants say, each of its own.
 */
function bookkeeping(parts: readonly ParticipantPart[]): string {
  const shown = parts.filter(({ outcome }) => outcome === 'acknowledged');
  const scans = shown.filter(({ role }) => role === 'scan');
  const rows: Record<string, number> = {};
  for (const { evidence } of scans.length > 0 ? scans : shown) {
    for (const [table, count] of Object.entries(remainsOf(evidence))) {
      if (typeof count !== 'number') continue;
      const known = rows[table] ?? 0;
      rows[table] = scans.length > 0 ? Math.max(known, count) : known + count;
    }
  }
  const texts = Object.entries(rows)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([table, count]) => `${count} in ${table}`);
  return texts.length === 0 ? 'not counted' : texts.join(', ');
}

/** How many databases are named; the evidence has them all. */
const NAMED = 20;

function notLookedAt(parts: readonly ParticipantPart[]): string {
  const scans = parts.filter(({ role, outcome }) => role === 'scan' && outcome === 'acknowledged');
  if (scans.length === 0) return 'all, for want of a scan';
  const names = [...new Set(scans.flatMap(({ evidence }) => leftOutOf(evidence)))].toSorted();
  if (names.length === 0) return 'none is named';
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return names.slice(0, NAMED).join(', ') + more;
}

function remainsOf(evidence: unknown): object {
  if (typeof evidence !== 'object' || evidence === null || !('remains' in evidence)) return {};
  const { remains } = evidence;
  return typeof remains === 'object' && remains !== null && !Array.isArray(remains) ? remains : {};
}
