export { auditCatalogue, type CatalogueAudit } from './run-audit.js';
export { UnusableAudit, type AuditOptions } from './audit-options.js';
export { keyOf, SEVERITIES, type Finding, type Severity } from './finding.js';
export { HOLES, type Hole } from './holes.js';
export { readOnly } from './read-only.js';
export { type Scope } from './scope.js';
export { type Tier } from './tier.js';
