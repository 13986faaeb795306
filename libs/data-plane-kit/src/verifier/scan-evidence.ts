import type { ClusterScan, TableRows, Unscannable } from './scan-result.js';

/** How many entries each list of the evidence has at most, so that it stays sendable; what is left out is counted. */
const MAX_ENTRIES = 200;

/** What a scan found: counts and names, no data. */
export interface ScanEvidence {
  /** Nothing of the tenant is left but what `remains` says, and everything that was to be looked at was. */
  readonly clean: boolean;
  /** When the first cluster's scan began, by that cluster's clock: everything found is as of then or later. */
  readonly scannedAt: string;
  readonly databasesScanned: number;
  readonly tablesScanned: number;
  /** Each database that was looked at, those with findings first. */
  readonly databases: readonly {
    readonly cluster: string;
    readonly database: string;
    readonly tablesScanned: number;
    /** Schemas named for the tenant. */
    readonly schemas: readonly string[];
    /** Whatever else is named for the tenant, in words. */
    readonly objects: readonly string[];
    /** Tables with rows of the tenant, or named for it. */
    readonly tables: readonly TableRows[];
    readonly remains: Readonly<Record<string, number>>;
  }[];
  /** Databases and roles named for the tenant. */
  readonly namedDatabases: readonly { readonly cluster: string; readonly database: string }[];
  readonly roles: readonly { readonly cluster: string; readonly role: string }[];
  /** Whatever else of a whole server is named for the tenant, in words. */
  readonly objects: readonly { readonly cluster: string; readonly object: string }[];
  /** The kit's bookkeeping, which is meant to stay: rows by table, over all databases. */
  readonly remains: Readonly<Record<string, number>>;
  /** What was to be looked at and could not be. */
  readonly unscannable: readonly Unscannable[];
  /** Databases that were not to be looked at: templates that let nobody in, and what the scope leaves out. */
  readonly notScanned: readonly {
    readonly cluster: string;
    readonly database: string;
    readonly reason: string;
  }[];
  /** How many entries of a list were left out for its length; absent when none was. */
  readonly omitted?: Readonly<Record<string, number>>;
}

/** Everything that speaks against the tenant being gone, in words, worst first. */
export interface Findings {
  readonly remnants: readonly string[];
  readonly unknown: readonly string[];
}

export function findingsOf(scans: readonly ClusterScan[]): Findings {
  const remnants = scans.flatMap(({ cluster, databases, namedDatabases, roles, objects }) => [
    ...databases.flatMap(({ database, schemas, objects: within, tables }) => [
      ...tables.map(
        ({ schema, table, rows }) => `${rows} rows in ${schema}.${table} of ${cluster}/${database}`,
      ),
      ...schemas.map((schema) => `schema ${schema} of ${cluster}/${database}`),
      ...within.map((object) => `${object} of ${cluster}/${database}`),
    ]),
    ...namedDatabases.map((database) => `database ${cluster}/${database}`),
    ...roles.map((role) => `role ${role} of ${cluster}`),
    ...objects.map((object) => `${object} of ${cluster}`),
  ]);
  return { remnants, unknown: unscannableOf(scans).map(wordsFor) };
}

export function evidenceOf(scans: readonly ClusterScan[]): ScanEvidence {
  const omitted: Record<string, number> = {};
  const bounded = <T>(name: string, list: readonly T[], limit = MAX_ENTRIES): readonly T[] => {
    if (list.length > limit) omitted[name] = (omitted[name] ?? 0) + list.length - limit;
    return list.slice(0, limit);
  };
  const parts = scans.flatMap(({ cluster, databases }) => databases.map((part) => ({ cluster, ...part })));
  const findings = ({ schemas, objects, tables }: (typeof parts)[number]): number =>
    schemas.length + objects.length + tables.length;
  const sorted = parts.toSorted((a, b) => findings(b) - findings(a) || (a.database < b.database ? -1 : 1));
  let room = MAX_ENTRIES;
  const databases = bounded('databases', sorted).map((part) => {
    const { cluster, database, tablesScanned, remains } = part;
    const schemas = bounded('schemas', part.schemas, room);
    const objects = bounded('objects', part.objects, room);
    const tables = bounded('tables', part.tables, room);
    room -= Math.max(schemas.length, objects.length, tables.length);
    return { cluster, database, tablesScanned, schemas, objects, tables, remains };
  });
  const evidence = {
    clean: isClean(findingsOf(scans)),
    scannedAt:
      scans.map(({ scannedAt }) => scannedAt.toISOString()).toSorted()[0] ?? new Date().toISOString(),
    databasesScanned: parts.length,
    tablesScanned: parts.reduce((sum, part) => sum + part.tablesScanned, 0),
    databases,
    namedDatabases: bounded(
      'namedDatabases',
      scans.flatMap(({ cluster, namedDatabases }) =>
        namedDatabases.map((database) => ({ cluster, database })),
      ),
    ),
    roles: bounded(
      'roles',
      scans.flatMap(({ cluster, roles }) => roles.map((role) => ({ cluster, role }))),
    ),
    objects: bounded(
      'objects',
      scans.flatMap(({ cluster, objects }) => objects.map((object) => ({ cluster, object }))),
    ),
    remains: summed(parts.map(({ remains }) => remains)),
    unscannable: bounded('unscannable', unscannableOf(scans)),
    notScanned: bounded(
      'notScanned',
      scans.flatMap(({ cluster, notScanned }) => notScanned.map((one) => ({ cluster, ...one }))),
    ),
  };
  return Object.keys(omitted).length === 0 ? evidence : { ...evidence, omitted };
}

export function isClean({ remnants, unknown }: Findings): boolean {
  return remnants.length === 0 && unknown.length === 0;
}

function unscannableOf(scans: readonly ClusterScan[]): Unscannable[] {
  return scans.flatMap(({ cluster, databases, unscannable }) => [
    ...unscannable,
    ...databases.flatMap((part) =>
      part.unscannable.map((one) => ({ cluster, database: part.database, ...one })),
    ),
  ]);
}

function wordsFor({ cluster, database, schema, table, reason }: Unscannable): string {
  const where = database === undefined ? `cluster ${cluster}` : `${cluster}/${database}`;
  return table === undefined ? `${where} (${reason})` : `${schema}.${table} of ${where} (${reason})`;
}

function summed(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const one of counts)
    for (const [name, count] of Object.entries(one)) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
