import { migrate } from '@tenantry/database';
import { CONSUMER_SQL } from '@tenantry/messaging';
import { randomBytes } from 'node:crypto';
import { testDatabase } from './test-database.js';
import { withClient } from './with-client.js';

/** A service's database with the consumer's bookkeeping and nothing else. */
export interface ConsumerDatabase {
  readonly adminUrl: string;
  /** A login with exactly the rights that CONSUMER_SQL says are needed. */
  newLogin(): Promise<{ readonly name: string; readonly url: string }>;
  /** Removes the database and its logins. */
  drop(): Promise<void>;
}

const PASSWORD = 'secret';

/** A fresh one, cloned from a template. */
export async function consumerDatabase(): Promise<ConsumerDatabase> {
  const database = await testDatabase({
    key: `consumer ${CONSUMER_SQL.map(({ sql }) => sql).join()}`,
    build: async (url) => {
      await migrate(url, CONSUMER_SQL);
    },
  });
  const logins: string[] = [];
  return {
    adminUrl: database.adminUrl,
    newLogin: async () => {
      const name = `tnt_test_consumer_${randomBytes(6).toString('hex')}`;
      logins.push(name);
      await withClient(database.adminUrl, (client) =>
        client.query(
          `CREATE ROLE ${name} LOGIN PASSWORD '${PASSWORD}';
         GRANT USAGE ON SCHEMA tenantry TO ${name};
         GRANT USAGE ON SEQUENCE tenantry.inbox_lease TO ${name};
         GRANT SELECT, INSERT, UPDATE, DELETE ON tenantry.consumer_position, tenantry.parked_fact, tenantry.recovery, tenantry.inbox,
           tenantry.answer, tenantry.acknowledgement_outbox, tenantry.rejected_event TO ${name};`,
        ),
      );
      return { name, url: database.urlFor(name, PASSWORD) };
    },
    drop: async () => {
      await database.drop();
      const server = new URL(database.adminUrl);
      server.pathname = '/postgres';
      await withClient(server.href, (client) =>
        client.query(logins.map((login) => `DROP ROLE IF EXISTS ${login};`).join('\n')),
      );
    },
  };
}
