import { CLOCK_SQL, migrate, pgExecutor } from '@tenantry/database';
import {
  EMBEDDED_TRANSPORT_SQL,
  EPOCH_SQL,
  HISTORY_TURN_SQL,
  HISTORY_SQL,
  LATE_JOINER_SQL,
  OUTBOX_SQL,
  putTransportLogin,
  RELAY_MEMBER_SQL,
} from '@tenantry/messaging';
import { randomBytes } from 'node:crypto';
import { testDatabase } from './test-database.js';
import { withClient } from './with-client.js';

/** A control plane's database with outbox and embedded transport and nothing else. */
export interface BusDatabase {
  readonly adminUrl: string;
  /** Of a login that may do what the control plane may. */
  readonly controlUrl: string;
  /** Makes a login for a participant of the embedded transport and gives its URL. */
  participantUrl(participant: string): Promise<string>;
  /** Removes the database and its logins. */
  drop(): Promise<void>;
}

const PASSWORD = 'secret';

/** A fresh one, cloned from a template. */
export async function busDatabase(): Promise<BusDatabase> {
  const database = await testDatabase({
    key: `bus ${OUTBOX_SQL.sql} ${EMBEDDED_TRANSPORT_SQL.sql} ${HISTORY_SQL.sql} ${EPOCH_SQL.sql} ${RELAY_MEMBER_SQL.sql} ${LATE_JOINER_SQL.sql} ${HISTORY_TURN_SQL.sql}`,
    build: async (url) => {
      await migrate(url, [
        CLOCK_SQL,
        OUTBOX_SQL,
        EMBEDDED_TRANSPORT_SQL,
        HISTORY_SQL,
        EPOCH_SQL,
        RELAY_MEMBER_SQL,
        LATE_JOINER_SQL,
        HISTORY_TURN_SQL,
      ]);
    },
  });
  const logins: string[] = [];
  const newLogin = (): string => {
    const login = `tnt_test_bus_${randomBytes(6).toString('hex')}`;
    logins.push(login);
    return login;
  };

  const control = newLogin();
  await withClient(database.adminUrl, async (client) => {
    await client.query(`CREATE ROLE ${control} LOGIN PASSWORD '${PASSWORD}' IN ROLE tenantry_control`);
  });
  return {
    adminUrl: database.adminUrl,
    controlUrl: database.urlFor(control, PASSWORD),
    participantUrl: async (participant) => {
      const login = newLogin();
      await withClient(database.adminUrl, (client) =>
        putTransportLogin(pgExecutor(client), { login, password: PASSWORD, participant }),
      );
      return database.urlFor(login, PASSWORD);
    },
    drop: async () => {
      const { adminUrl } = database;
      await database.drop();
      const server = new URL(adminUrl);
      server.pathname = '/postgres';
      await withClient(server.href, async (client) => {
        for (const login of logins) await client.query(`DROP ROLE IF EXISTS ${login}`);
      });
    },
  };
}
