import type { SqlExecutor } from '@tenantry/database';
import type { AuditOptions } from './audit-options.js';
import { askProbes } from './ask-probes.js';
import { type Finding, inOrder } from './finding.js';
import { type Scope, scopeOf } from './scope.js';
import { type Tier, tierFinding, tierOf } from './tier.js';

/** What the catalogue of one database says. */
export interface CatalogueAudit {
  readonly scope: Scope;
  readonly tier: Tier;
  /** The settings that say who is there. */
  readonly contextSettings: readonly string[];
  readonly findings: readonly Finding[];
  /** How many findings of a probe are not listed, since they were more than anyone reads. */
  readonly unlisted: Readonly<Record<string, number>>;
  /** Holes of which this login could not see enough, and why. */
  readonly unseen: Readonly<Record<number, string>>;
}

/**
 * Asks every catalogue probe, and writes nothing. The caller's transaction decides what is seen; `readOnly` gives a fitting one.
 *
 * @throws UnusableAudit when the options name what is not there.
 */
export async function auditCatalogue(sql: SqlExecutor, options: AuditOptions = {}): Promise<CatalogueAudit> {
  const scope = await scopeOf(sql, options);
  const { findings, unlisted } = await askProbes(sql, scope.parameters);
  const { tier, settings } = await tierOf(sql, scope);
  const forgeable = options.requireInjectionSafe ? tierFinding(tier, settings, scope.database) : [];
  return {
    scope,
    tier,
    contextSettings: settings,
    findings: inOrder([...findings, ...forgeable]),
    unlisted,
    unseen: await unseenBy(sql),
  };
}

/** Other logins' sessions are shown to few. */
async function unseenBy(sql: SqlExecutor): Promise<Record<number, string>> {
  const [row] = await sql.query<{ sees: boolean }>(
    `SELECT rolsuper OR pg_has_role('pg_read_all_stats', 'USAGE') AS sees FROM pg_roles WHERE rolname = current_user`,
  );
  return row?.sees
    ? {}
    : { 13: "this login does not see what other logins' sessions do (it needs pg_read_all_stats)" };
}
