import { createHash, randomBytes } from 'node:crypto';
import { DatabaseError, type Client } from 'pg';
import { asAdministrator, databasePrefix, databaseUrl, serverUrl } from './database-server.js';

const OBJECT_IN_USE = '55006';

/** One database of its own for one test or test file. */
export interface TestDatabase {
  /** A superuser's URL of this database. */
  readonly adminUrl: string;
  /** The URL of this database for another login. */
  urlFor(user: string, password: string): string;
  /** Ends its sessions and removes it; what is not dropped goes at the end of the run. */
  drop(): Promise<void>;
}

/** What a database is cloned from. */
export interface DatabaseTemplate {
  /** Names the content: one template is built per key and test run. */
  readonly key: string;
  /** Fills the still empty template; must close every connection it opens, since a clone needs it to have none. */
  build(adminUrl: string): Promise<void>;
}

/**
 * A fresh database on the server of TEST_DATABASE_URL (a superuser's URL), empty or cloned from a template.
 * Roles belong to the whole server and are shared by every database on it, running tests included.
 */
export async function testDatabase(template?: DatabaseTemplate): Promise<TestDatabase> {
  const source = template ? await builtTemplate(template) : 'template0';
  const name = `${databasePrefix()}${randomBytes(6).toString('hex')}`;
  await asAdministrator((client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${source}`));
  return {
    adminUrl: databaseUrl(name),
    urlFor: (user, password) => databaseUrl(name, { user, password }),
    drop: () => asAdministrator((client) => dropDatabase(client, name)),
  };
}

/**
 * A pool's `end` resolves when it has said goodbye, not when the server has heard it: a session that is ended by force in between
 * raises an error at a client that nobody listens to any more. Without FORCE the server waits five seconds for them to leave.
 */
async function dropDatabase(client: Client, name: string): Promise<void> {
  try {
    await client.query(`DROP DATABASE IF EXISTS ${name}`);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== OBJECT_IN_USE) throw error;
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  }
}

const templates = new Map<string, Promise<string>>();

function builtTemplate(template: DatabaseTemplate): Promise<string> {
  const known = templates.get(template.key);
  if (known) return known;
  const building = buildOnce(template);
  templates.set(template.key, building);
  return building;
}

/** Test files run in several processes, so the server itself says, under a lock of its own, whether the template is there. */
async function buildOnce({ key, build }: DatabaseTemplate): Promise<string> {
  const name = `${databasePrefix()}template_${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
  await asAdministrator(async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [
      `${serverUrl().pathname} ${name}`,
    ]);
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1 AND datistemplate', [
      name,
    ]);
    if (rowCount) return;
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE template0`);
    await build(databaseUrl(name));
    await client.query(`ALTER DATABASE ${name} IS_TEMPLATE true`);
  });
  return name;
}
