import { type SqlExecutor, withoutRaces } from '@tenantry/database';
import { DatabaseError } from 'pg';
import { SigningRefused, type ContextSigning } from '../signing/context-signing.js';
import { type ContextForm, contextFunctionsSql, DEDICATED_FORM } from '../sql/context-functions.sql.js';
import { BORROWED_SETTING } from '../sql/context-marker.sql.js';
import { installKeys } from './install-keys.js';
import { KIT_ROLE } from './roles.js';

const NOT_TO_BE_HAD =
  'The marker "setting" cannot be had here: it needs a superuser to install, and PostgreSQL 15. Take "mac".';

/** The row of `tenantry.context_signing`, as far as it is for reading. */
interface SigningState {
  readonly marker: 'off' | 'mac' | 'setting';
  readonly unsigned_accepted: boolean;
}

/**
 * Puts the functions of the tenant context in place, in the form that the installation asks for, with the keys; all of it
 * at one moment. What is there under these names is replaced, whatever it says. To be run by an administrator after the
 * kit's migrations, in each database that the service's tenants share.
 *
 * @param signing undefined leaves the form and the keys as they are.
 * @throws SigningRefused when it cannot be had here; nothing was changed then.
 */
export async function installContext(sql: SqlExecutor, signing: ContextSigning | undefined): Promise<void> {
  if (signing && signing.marker !== 'off' && signing.keys.length === 0)
    throw new SigningRefused('Signed contexts need a key; name one, or switch signing off.');
  if (signing?.marker === 'setting') await borrowSetting(sql);
  await inTransaction(sql, async () => {
    const state = signing ? await write(sql, signing) : await read(sql);
    await sql.query(contextFunctionsSql(formOf(state)));
  });
}

/** As `installContext`, for a tenant's own database and what it is copied from. */
export async function installDedicatedContext(sql: SqlExecutor): Promise<void> {
  await inTransaction(sql, async () => {
    await sql.query(contextFunctionsSql(DEDICATED_FORM));
  });
}

async function write(sql: SqlExecutor, signing: ContextSigning): Promise<SigningState> {
  const state: SigningState = {
    marker: signing.marker,
    unsigned_accepted: signing.marker === 'off' || signing.unsigned === 'accepted',
  };
  // Not everybody who administers may write the kit's tables; whoever does is a member of the role that owns them.
  await sql.query(`SET LOCAL ROLE ${KIT_ROLE}`);
  await sql.query('UPDATE tenantry.context_signing SET marker = $1, unsigned_accepted = $2', [
    state.marker,
    state.unsigned_accepted,
  ]);
  await installKeys(sql, signing);
  await sql.query('RESET ROLE');
  return state;
}

async function read(sql: SqlExecutor): Promise<SigningState> {
  await sql.query(`SET LOCAL ROLE ${KIT_ROLE}`);
  const [state] = await sql.query<SigningState>(
    'SELECT marker, unsigned_accepted FROM tenantry.context_signing',
  );
  await sql.query('RESET ROLE');
  return state!;
}

/** While unsigned calls are taken, policies go by what they leave, and each call leaves both: no transaction notices the switch. */
function formOf({ marker, unsigned_accepted: unsignedAccepted }: SigningState): ContextForm {
  const tokens = 'verified';
  if (marker === 'off') return { trusts: 'plain', leaves: ['plain'], unsignedAccepted, tokens };
  return { trusts: unsignedAccepted ? 'plain' : marker, leaves: ['plain', marker], unsignedAccepted, tokens };
}

/** A right of the whole server, so it may be there already, or be given by another installation at this moment. */
async function borrowSetting(sql: SqlExecutor): Promise<void> {
  try {
    if (!(await hasSetting(sql)))
      await withoutRaces(() => sql.query(`GRANT SET ON PARAMETER ${BORROWED_SETTING} TO ${KIT_ROLE}`));
  } catch (error) {
    if (error instanceof DatabaseError) throw new SigningRefused(NOT_TO_BE_HAD, { cause: error });
    throw error;
  }
  // Asked, since a GRANT without the right to it may only warn.
  if (!(await hasSetting(sql))) throw new SigningRefused(NOT_TO_BE_HAD);
}

async function hasSetting(sql: SqlExecutor): Promise<boolean> {
  const [row] = await sql.query<{ held: boolean }>(
    `SELECT has_parameter_privilege('${KIT_ROLE}', '${BORROWED_SETTING}', 'SET') AS held`,
  );
  return row!.held;
}

/** One installation of a database at a time, under the lock that its migrations take. */
async function inTransaction(sql: SqlExecutor, work: () => Promise<void>): Promise<void> {
  await sql.query('BEGIN');
  try {
    await sql.query(`SET LOCAL lock_timeout = '60s'`);
    await sql.query(`SELECT pg_advisory_xact_lock(hashtextextended('tenantry.migrate', 0))`);
    await work();
    await sql.query('COMMIT');
  } catch (error) {
    await sql.query('ROLLBACK');
    throw error;
  }
}
