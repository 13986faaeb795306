/** What can be told of the database that a process is connected to. */
export interface DatabaseIdentity {
  /** The server's, of its `initdb`; undefined where the server does not tell. */
  readonly systemIdentifier: string | undefined;
  /** The database's number on its server, which a rename does not change. */
  readonly databaseOid: string;
  /** The number of the table in which the identity is noted; undefined where it was not noted yet. */
  readonly tableOid: string | undefined;
  /** As `server_version_num` has it. */
  readonly serverVersion: number;
  /** The server's present history, which a promotion and the end of a recovery raise; undefined where the server does not tell. */
  readonly timeline: number | undefined;
}

/** The identity that was noted in the database, as it is read there now. */
export interface NotedIdentity extends DatabaseIdentity {
  /** Whether the row is the one that was written then, and not one that was written anew with the same content. */
  readonly genuine: boolean;
}

/** What is met now. */
export interface MetIdentity extends DatabaseIdentity {
  /** The setting that names the point up to which this server recovered when it was started; undefined when it was not told one. */
  readonly recoveryTarget: string | undefined;
}

/**
 * - `same`: nothing that can be told has changed.
 * - `upgraded`: the same files under a newer major version of the server.
 * - `promoted`: the same files on another history. A standby took over, or the server came back from an archive to its end: what was
 *   lost, if anything, cannot be told from inside.
 * - `rewritten`: the same tables with rows that were written anew: by a tool that saves space (pg_repack), or by somebody who has put
 *   other data into them. That cannot be told apart either.
 * - `restored`: a copy, or a server that was taken back to a chosen point.
 */
export type IdentityVerdict =
  | { readonly kind: 'same' | 'upgraded' | 'rewritten' }
  | { readonly kind: 'promoted'; readonly from: number; readonly to: number }
  | { readonly kind: 'restored'; readonly why: string };

/** `server_version_num` of 18.4 is 180004. */
const MAJOR = 10_000;

/**
 * Whether the database is the one in which the identity was noted. What is unknown on either side is never held against it: a
 * healthy database must not be refused because its server tells less than others.
 */
export function judgeIdentity(noted: NotedIdentity, met: MetIdentity): IdentityVerdict {
  const otherServer = differ(noted.systemIdentifier, met.systemIdentifier);
  const sameDatabase = noted.databaseOid === met.databaseOid;
  if (differ(noted.tableOid, met.tableOid))
    return restored('its tables were made anew, as the restore of a dump does');
  if (noted.genuine && otherServer && sameDatabase && major(met) > major(noted)) return { kind: 'upgraded' };
  if (otherServer) return restored('it is on another server than the one where it was noted');
  if (!sameDatabase) return restored('it is a copy of another database of the server');
  if (!differ(noted.timeline, met.timeline)) return { kind: noted.genuine ? 'same' : 'rewritten' };
  if (met.recoveryTarget !== undefined)
    return restored(`its server recovered up to a chosen point (${met.recoveryTarget})`);
  return { kind: 'promoted', from: noted.timeline!, to: met.timeline! };
}

function restored(why: string): IdentityVerdict {
  return { kind: 'restored', why };
}

function major({ serverVersion }: DatabaseIdentity): number {
  return Math.floor(serverVersion / MAJOR);
}

function differ<T>(one: T | undefined, other: T | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
