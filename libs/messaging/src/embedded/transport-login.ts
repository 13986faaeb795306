import { isParticipantName } from '@tenantry/contracts';
import { ensureLogin, type LoginGroup, type SqlExecutor } from '@tenantry/database';

/** Who may come in through the embedded transport, and as whom. */
export interface TransportLogin {
  readonly login: string;
  readonly password: string;
  readonly participant: string;
}

/** What a participant's login is a member of: it may call the port's functions. */
export const TRANSPORT_GROUP: LoginGroup = { name: 'tenantry_participant' };

/**
 * Makes the login, or gives it this password and this participant if it is there. It becomes a member of
 * `tenantry_participant` and thus reaches the port's functions and nothing else. To be run outside of a transaction, by a
 * login that may create roles and owns the database.
 *
 * @throws RangeError when the participant's name is not legal, since groups and topics are named after it; UnfitLogin when
 * the login is there and is anything else.
 */
export async function putTransportLogin(
  sql: SqlExecutor,
  { login, password, participant }: TransportLogin,
): Promise<void> {
  if (!isParticipantName(participant)) throw new RangeError(`Not a participant's name: ${participant}`);
  await ensureLogin(sql, { name: login, password }, TRANSPORT_GROUP);
  await sql.query(
    `INSERT INTO tenantry.transport_login (login, participant) VALUES ($1, $2)
    ON CONFLICT (login) DO UPDATE SET participant = excluded.participant`,
    [login, participant],
  );
}
