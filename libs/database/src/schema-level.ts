import { RELEASE, compareVersions, type Release } from '@tenantry/kernel';
import type { SqlExecutor } from './sql-executor.js';
import type { SqlMigration } from './sql-migration.js';

/** A migration that is in the database and that this build does not know. */
export interface UnknownMigration {
  readonly name: string;
  /** The oldest release whose processes may be started on it; null where it does not say, which means none that does not know it. */
  readonly servesFrom: string | null;
}

/** How a database stands to a build's migrations. */
export interface SchemaLevel {
  /** What the build needs and the database lacks. */
  readonly missing: readonly string[];
  /** What the database has and the build does not know: a newer build has migrated it. */
  readonly unknown: readonly UnknownMigration[];
}

/** What a process ends with that is older than its database; the others that fail at their start end with 1. */
export const SCHEMA_TOO_NEW_EXIT_CODE = 78;

/** The database was migrated by a release that this one is too old for. */
export class SchemaTooNew extends Error {
  /** What the process ends with. */
  readonly exitCode = SCHEMA_TOO_NEW_EXIT_CODE;

  constructor(
    readonly migrations: readonly UnknownMigration[],
    release: string,
  ) {
    const names = migrations.map(({ name }) => name).join(', ');
    super(
      `The database is newer than this version ${release}, which does not know: ${names}. ` +
        `Start ${neededBy(migrations)}; to go back to ${release}, restore the database from before the upgrade.`,
    );
    this.name = 'SchemaTooNew';
  }
}

function neededBy(migrations: readonly UnknownMigration[]): string {
  const named = migrations.flatMap(({ servesFrom }) => servesFrom ?? []).sort(compareVersions);
  return named.length === migrations.length
    ? `version ${named.at(-1)} or newer`
    : 'the version that migrated it';
}

/** Reads how the database stands to these migrations; everything is missing from one that was never migrated. */
export async function readSchemaLevel(
  sql: SqlExecutor,
  migrations: readonly SqlMigration[],
): Promise<SchemaLevel> {
  const [there] = await sql.query<{ migration: boolean; release: boolean }>(IS_THERE);
  const applied = there?.migration ? await namesOf(sql) : new Set<string>();
  const servesFrom = there?.release ? await releasesOf(sql) : new Map<string, string>();
  const known = new Set(migrations.map(({ name }) => name));
  return {
    missing: migrations.flatMap(({ name }) => (applied.has(name) ? [] : [name])),
    unknown: [...applied]
      .filter((name) => !known.has(name))
      .map((name) => ({ name, servesFrom: servesFrom.get(name) ?? null })),
  };
}

/**
 * Judges whether this release may work on a database. One that only lacks something may: it is being migrated.
 *
 * @returns the names of what this release does not know, and may work beside. @throws SchemaTooNew.
 */
export function judgeSchemaLevel(
  { unknown }: SchemaLevel,
  { version }: Pick<Release, 'version'> = RELEASE,
): string[] {
  const beyond = unknown.filter(
    ({ servesFrom }) => servesFrom === null || compareVersions(version, servesFrom) < 0,
  );
  if (beyond.length > 0) throw new SchemaTooNew(beyond, version);
  return unknown.map(({ name }) => name);
}

/**
 * Whether a database has every one of these migrations.
 *
 * @returns the names of those that a newer build has added and this one may work beside.
 * @throws SchemaTooNew when it may not; an Error that names what is missing.
 */
export async function checkSchemaLevel(
  sql: SqlExecutor,
  migrations: readonly SqlMigration[],
): Promise<readonly string[]> {
  const level = await readSchemaLevel(sql, migrations);
  const unknown = judgeSchemaLevel(level);
  if (level.missing.length > 0) throw new Error(`Not migrated: ${level.missing.join(', ')}.`);
  return unknown;
}

/** The second is missing where an older release has kept the books, and not readable where one has given the rights. */
const IS_THERE = `
SELECT to_regclass('tenantry.migration') IS NOT NULL AS migration,
  coalesce(has_table_privilege(to_regclass('tenantry.migration_release'), 'SELECT'), false) AS release`;

async function namesOf(sql: SqlExecutor): Promise<ReadonlySet<string>> {
  const rows = await sql.query<{ name: string }>('SELECT name FROM tenantry.migration ORDER BY name');
  return new Set(rows.map(({ name }) => name));
}

async function releasesOf(sql: SqlExecutor): Promise<ReadonlyMap<string, string>> {
  const rows = await sql.query<{ name: string; serves_from: string }>(
    'SELECT name, serves_from FROM tenantry.migration_release',
  );
  return new Map(rows.map((row) => [row.name, row.serves_from]));
}
