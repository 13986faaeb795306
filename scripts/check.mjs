/** `npm run check`: everything that a machine can say about the code without running it. One line per check. */
import { build } from './build.mjs';
import { alertsAreTested, alertsAreWhole } from './check/alerts.mjs';
import { compose } from './check/compose.mjs';
import { asyncApiValid } from './check/contracts/asyncapi-valid.mjs';
import { contractGateBites, contractsCompatible } from './check/contracts/gate.mjs';
import { queriesParse } from './check/dashboards.mjs';
import { operatePage } from './check/operate-page.mjs';
import { importRules, importRulesBite } from './check/import-rules.mjs';
import { linksLead } from './check/links.mjs';
import { lockFile } from './check/lock-file.mjs';
import { runbooksAreReal } from './check/runbooks.mjs';
import { asyncApiDocuments } from './generate/asyncapi.mjs';
import { dashboardDocuments } from './generate/dashboards.mjs';
import { compareDocuments } from './generate/documents.mjs';
import { helmDocuments } from './generate/helm.mjs';
import { openApiDocuments } from './generate/openapi.mjs';
import { schemaDocuments } from './generate/schema.mjs';
import { reportChecks } from './report-checks.mjs';
import { run } from './run.mjs';

const CHECKS = {
  'build (libs and apps compile)': build,
  'types (tests included)': () => run('tsc', ['-p', 'tsconfig.check.json']),
  'lint (eslint)': () => run('eslint', ['.']),
  'format (prettier)': () => run('prettier', ['--check', '--log-level=warn', '.']),
  'import rules (dependency-cruiser)': importRules,
  'import rules bite (seeded violations)': importRulesBite,
  'OpenAPI documents are current': async () => compareDocuments(await openApiDocuments()),
  'descriptions of messages are current (AsyncAPI, JSON Schemas)': async () =>
    compareDocuments(await asyncApiDocuments()),
  'the AsyncAPI document is valid (@asyncapi/parser)': asyncApiValid,
  'messages are compatible with the released ones': contractsCompatible,
  'the compatibility of messages bites (seeded violations)': contractGateBites,
  'database schemas are current': async () => compareDocuments(await schemaDocuments()),
  'alert rules are whole (promtool)': alertsAreWhole,
  'each alert fires and keeps quiet in a test (promtool)': alertsAreTested,
  'dashboards are current': async () => compareDocuments(await dashboardDocuments()),
  'queries of dashboards and runbooks parse (promtool)': queriesParse,
  'each alert has a runbook, and what it names exists': runbooksAreReal,
  'the chart has current values, alert rules and dashboards': async () =>
    compareDocuments(await helmDocuments()),
  'docker-compose.yml is valid (Compose specification)': compose,
  'docs/operate.md: every command is run, looked up, or said not to be': operatePage,
  'links between pages lead somewhere': linksLead,
  'lock file is complete and names no registry': lockFile,
};

process.exit((await reportChecks(CHECKS)) > 0 ? 1 : 0);
