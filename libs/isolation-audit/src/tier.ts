import type { SqlExecutor } from '@tenantry/database';
import type { Finding } from './finding.js';
import type { Scope } from './scope.js';
import { SUBJECTS_SQL } from './subjects.sql.js';

/**
 * What the database promises against SQL that an attacker has brought into a statement:
 * - `injection-safe`: the context cannot be forged with the application's rights, or there is nobody else here to become: the
 *   database is one tenant's own.
 * - `bug-safe`: who forgets the tenant is refused; who names another one gets it.
 * - `none`: nothing asks who is there.
 */
export type Tier = 'injection-safe' | 'bug-safe' | 'none';

/**
 * A context is forgeable when it stands in a setting that the application may set and nothing verifies it. Settings of
 * extensions, with a dot, are anybody's; those of the server may be a superuser's alone.
 */
const FORGEABLE = `${SUBJECTS_SQL}
SELECT s.name,
  EXISTS (SELECT FROM policy_function f WHERE position(s.name IN f.definition) > 0 AND f.definition ~* 'sha256|hmac') AS verified,
  EXISTS (
    SELECT FROM pg_settings p WHERE p.name = s.name AND p.context = 'superuser'
      AND NOT EXISTS (SELECT FROM grantee g JOIN pg_roles r ON r.oid = g.oid WHERE has_parameter_privilege(r.oid, p.name, 'SET'))
  ) AS closed
FROM context_setting s ORDER BY 1`;

export async function tierOf(
  sql: SqlExecutor,
  { parameters }: Pick<Scope, 'parameters'>,
): Promise<{ readonly tier: Tier; readonly settings: readonly string[] }> {
  const settings = await sql.query<{ name: string; verified: boolean; closed: boolean }>(FORGEABLE, [
    ...parameters,
  ]);
  const [here] = await sql.query<{ own: boolean }>('SELECT current_database() ~ $1 AS own', [
    tenantSchemas(parameters),
  ]);
  const forgeable = here!.own ? [] : settings.filter(({ verified, closed }) => !verified && !closed);
  const tier = settings.length === 0 ? 'none' : forgeable.length > 0 ? 'bug-safe' : 'injection-safe';
  return { tier, settings: settings.map(({ name }) => name) };
}

/** Tenants' own databases are called as their schemas are. */
function tenantSchemas(parameters: readonly unknown[]): unknown {
  return parameters[3];
}

/** Hole 16, for whoever demands more than the database promises. */
export function tierFinding(tier: Tier, settings: readonly string[], database: string): Finding[] {
  if (tier === 'injection-safe') return [];
  return [
    {
      probe: 'context-forgeable',
      hole: 16,
      severity: 'high',
      object: { type: 'database', name: database },
      what:
        tier === 'none'
          ? 'No policy asks who is there.'
          : `The application may set ${settings.join(', ')} to any tenant: SQL injected into one of its statements becomes that tenant.`,
      mend: '-- sign the context (CONTEXT_SIGNING), or give each tenant a login of its own',
    },
  ];
}
