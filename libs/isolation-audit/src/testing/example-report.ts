import type { AuditReport } from '../audit-report.js';
import { countBySeverity, holeStatuses } from '../audit-report.js';
import type { Finding } from '../finding.js';

export const RLS_OFF: Finding = {
  probe: 'rls-off',
  hole: 1,
  severity: 'critical',
  object: { type: 'table', name: 'app."Odd name"' },
  what: "Every query of the application reads every tenant's rows.",
  mend: 'ALTER TABLE app."Odd name" ENABLE ROW LEVEL SECURITY;',
};

export const SERIAL: Finding = {
  probe: 'serial-ids',
  hole: 21,
  severity: 'low',
  object: { type: 'column', name: 'app.invoice.number' },
  what: 'Ids tell how many there are.',
  mend: '-- make ids in the application',
};

/** One of a database with an open finding and an allowed one. */
export const EXAMPLE_REPORT: AuditReport = {
  database: 'shop',
  serverVersion: '18.4',
  auditedAt: '2026-01-02T03:04:05.678Z',
  appRoles: ['shop_app'],
  inferred: true,
  tier: 'bug-safe',
  findings: [RLS_OFF],
  counts: countBySeverity([RLS_OFF]),
  allowed: [{ ...SERIAL, reason: 'printed on paper', expires: '2027-01-01' }],
  expiredAllowances: [{ probe: 'rls-off', object: 'app.*', reason: 'until the move', expires: '2025-01-01' }],
  unusedAllowances: [{ probe: 'rls-of', object: 'app.x', reason: 'misspelt' }],
  unlisted: { 'serial-ids': 7 },
  holes: holeStatuses([RLS_OFF], {
    login: false,
    writes: false,
    restored: false,
    tier: 'bug-safe',
    unseen: { 13: 'this login does not see it' },
  }),
};
