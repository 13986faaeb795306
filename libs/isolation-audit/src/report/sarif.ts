import type { AuditReport } from '../audit-report.js';
import type { AllowedFinding, Finding, Severity } from '../finding.js';
import { keyOf } from '../finding.js';
import { HOLES } from '../holes.js';
import { CATALOGUE_PROBES } from '../probes/all-probes.js';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0-rtm.5.json';
const HELP = 'https://github.com/tenantry/tenantry/blob/main/docs/isolation-audit.md';

/** How code scanning ranks them. */
const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  critical: 'error',
  high: 'error',
  medium: 'warning',
  low: 'note',
};
const SECURITY_SEVERITY: Readonly<Record<Severity, string>> = {
  critical: '9.5',
  high: '8.0',
  medium: '5.5',
  low: '2.0',
};

/** SARIF 2.1.0: what is open as results, what is allowed as suppressed ones, what was not run as notifications. */
export function sarifReport(report: AuditReport): object {
  const results = [...report.findings, ...report.allowed];
  const rules = [...new Map(results.map((finding) => [finding.probe, ruleOf(finding)])).values()];
  return {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'tenantry-audit', informationUri: HELP, rules } },
        invocations: [
          {
            executionSuccessful: true,
            endTimeUtc: report.auditedAt,
            toolExecutionNotifications: report.holes
              .filter(({ status }) => status === 'partly' || status === 'not run')
              .map(({ number, title, status, why }) => ({
                level: 'note',
                message: { text: `Hole ${number}, ${title}: ${status}. ${why ?? ''}` },
              })),
          },
        ],
        results: results.map((finding) => ({
          ruleId: finding.probe,
          ruleIndex: rules.findIndex(({ id }) => id === finding.probe),
          level: LEVELS[finding.severity],
          message: {
            text: `${finding.object.type} ${finding.object.name}: ${finding.what}\n${finding.mend}`,
          },
          locations: [locationOf(report.database, finding)],
          partialFingerprints: { 'tenantryAudit/v1': `${report.database} ${keyOf(finding)}` },
          ...suppressionOf(finding),
        })),
        properties: {
          tier: report.tier,
          serverVersion: report.serverVersion,
          appRoles: report.appRoles,
        },
      },
    ],
  };
}

function ruleOf({ probe, hole, severity }: Finding) {
  const title =
    CATALOGUE_PROBES.find(({ id }) => id === probe)?.title ??
    HOLES.find(({ number }) => number === hole)!.title;
  return {
    id: probe,
    shortDescription: { text: title },
    helpUri: `${HELP}#${hole}`,
    defaultConfiguration: { level: LEVELS[severity] },
    properties: { 'security-severity': SECURITY_SEVERITY[severity], tags: ['security', 'isolation'] },
  };
}

/** A database has no files; readers that insist on one get the object's name as a path. */
function locationOf(database: string, { object }: Finding) {
  const uri = ['postgres', database, object.type, object.name].map(encodeURIComponent).join('/');
  return {
    physicalLocation: { artifactLocation: { uri } },
    logicalLocations: [
      { name: object.name, fullyQualifiedName: `${database}.${object.name}`, kind: object.type },
    ],
  };
}

function suppressionOf(finding: Finding | AllowedFinding) {
  if (!('reason' in finding)) return {};
  return { suppressions: [{ kind: 'external', status: 'accepted', justification: finding.reason }] };
}
