import type { Client } from 'pg';
import { withClient } from './with-client.js';

/** The URL of the server that tests use, from TEST_DATABASE_URL. */
export function serverUrl(): URL {
  const url = process.env['TEST_DATABASE_URL'];
  if (!url) {
    throw new Error(
      'TEST_DATABASE_URL is not set: run the suites by `npm test` (it starts a PostgreSQL), or point it at a superuser of a PostgreSQL 16 to 18',
    );
  }
  return new URL(url);
}

/** What the names of all databases of this test run begin with (jest.config.mjs sets it). */
export function databasePrefix(): string {
  return process.env['TEST_DATABASE_PREFIX'] ?? 'tnt_test_';
}

/** The URL of a database on the tests' server; for the server's own login unless told otherwise. */
export function databaseUrl(database: string, login?: { user: string; password: string }): string {
  const url = serverUrl();
  url.pathname = `/${database}`;
  if (login) {
    url.username = encodeURIComponent(login.user);
    url.password = encodeURIComponent(login.password);
  }
  return url.href;
}

/** Runs `work` on a connection of its own to the server's maintenance database. */
export function asAdministrator<T>(work: (client: Client) => Promise<T>): Promise<T> {
  return withClient(serverUrl().href, work);
}
