import { loginOf } from '@tenantry/database';
import { type Allowance, sortByAllowances } from './allow-list.js';
import type { AuditOptions } from './audit-options.js';
import { type AuditReport, countBySeverity, holeStatuses } from './audit-report.js';
import { probeAsLogin } from './behaviour/login-probes.js';
import { subjectTables } from './behaviour/subject-tables.js';
import { inOrder, keyOf } from './finding.js';
import { readOnly } from './read-only.js';
import { compareRestored } from './restored-copy.js';
import { auditCatalogue } from './run-audit.js';

export interface AuditRequest extends AuditOptions {
  /** Of the database; any login sees the catalogue, a superuser also what others' sessions do. */
  readonly url: string;
  /** Of the application's login, for what only behaviour shows; it is the role that serves, unless others are named. Default: that is not tried. */
  readonly asUrl?: string | undefined;
  /** Whether that login also tries to write, in transactions that are rolled back. Default: false. */
  readonly probeWrites?: boolean | undefined;
  /** Of a database that was restored from a backup of this one. Default: that is not compared. */
  readonly restoredUrl?: string | undefined;
  readonly allow?: readonly Allowance[] | undefined;
  /** Default: now. */
  readonly now?: Date | undefined;
}

/**
 * Audits one database. Reads only, unless `probeWrites` says otherwise.
 *
 * @throws UnusableAudit when it cannot do what it was asked for; or the database's error.
 */
export async function auditDatabase(request: AuditRequest): Promise<AuditReport> {
  const { url, asUrl, probeWrites = false, restoredUrl, allow = [], now = new Date() } = request;
  const { audit, tables, restored } = await readOnly(url, async (sql) => {
    const audit = await auditCatalogue(sql, {
      ...(asUrl && { appRoles: [loginOf(asUrl).name] }),
      ...request,
    });
    const { parameters } = audit.scope;
    return {
      audit,
      tables: asUrl === undefined ? [] : await subjectTables(sql, parameters),
      restored:
        restoredUrl === undefined
          ? []
          : await readOnly(restoredUrl, (copy) => compareRestored(sql, copy, parameters)),
    };
  });
  const behaviour =
    asUrl === undefined
      ? []
      : await probeAsLogin({
          url: asUrl,
          tables,
          contextSettings: audit.contextSettings,
          writes: probeWrites,
        });
  const all = new Map([...audit.findings, ...restored, ...behaviour].map((found) => [keyOf(found), found]));
  const { open, allowed, expired, unused } = sortByAllowances(
    inOrder([...all.values()]),
    allow,
    now.toISOString().slice(0, 10),
  );
  const { scope, tier, unlisted, unseen } = audit;
  return {
    database: scope.database,
    serverVersion: scope.serverVersion,
    auditedAt: now.toISOString(),
    appRoles: scope.appRoles,
    inferred: scope.inferred,
    tier,
    findings: open,
    counts: countBySeverity(open),
    allowed,
    expiredAllowances: expired,
    unusedAllowances: unused,
    unlisted,
    holes: holeStatuses(open, {
      login: asUrl !== undefined,
      writes: probeWrites,
      restored: restoredUrl !== undefined,
      tier,
      unseen,
    }),
  };
}
