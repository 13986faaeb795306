import { isParticipantName } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';

/** Who may come in through the embedded transport, and as whom. */
export interface TransportLogin {
  readonly login: string;
  readonly password: string;
  readonly participant: string;
}

/**
 * Makes the login, or gives it this password and this participant if it is there. It becomes a member of
 * `tenantry_participant` and thus reaches the port's functions and nothing else. Needs a login that may create roles.
 *
 * @throws RangeError when the participant's name is not legal, since groups and topics are named after it.
 */
export async function putTransportLoginTx(
  sql: SqlExecutor,
  { login, password, participant }: TransportLogin,
): Promise<void> {
  if (!isParticipantName(participant)) throw new RangeError(`Not a participant's name: ${participant}`);
  // Role commands take no bound parameters; format() quotes what they are made of.
  const commands = await sql.query<{ text: string }>(
    `SELECT format('%s ROLE %I LOGIN NOCREATEDB NOCREATEROLE PASSWORD %L',
      CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = $1) THEN 'ALTER' ELSE 'CREATE' END, $1::text, $2::text) AS text
    UNION ALL SELECT format('GRANT tenantry_participant TO %I', $1::text)`,
    [login, password],
  );
  for (const { text } of commands) await sql.query(text);
  await sql.query(
    `INSERT INTO tenantry.transport_login (login, participant) VALUES ($1, $2)
    ON CONFLICT (login) DO UPDATE SET participant = excluded.participant`,
    [login, participant],
  );
}
