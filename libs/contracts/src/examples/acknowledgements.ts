import type { AcknowledgementType } from '../messages.js';
import { OPERATIONS, RECOVERY_ID, answered, type ExamplesOf } from './example.js';
import { FROZEN_ROUTE } from './placements.js';

const PARTICIPANT = 'billing';
const provision = { ...OPERATIONS.provision, attempt: 1, participant: PARTICIPANT };
const parkedFact = {
  participant: PARTICIPANT,
  group: PARTICIPANT,
  tenantSeq: '5',
  eventId: '0199f2a4-9000-7000-8000-000000000005',
  eventType: 'tenant.route_changed.v1',
};

/** Examples of what a participant says. */
export const ACKNOWLEDGEMENT_EXAMPLES: ExamplesOf<AcknowledgementType> = {
  'participant.acknowledged.v1': [
    answered('provisioned', 'participant.acknowledged.v1', 1, {
      ...provision,
      outcome: 'succeeded',
      evidence: { store: 'primary', accounts: 1 },
    }),
    answered('still at it', 'participant.acknowledged.v1', 1, {
      ...provision,
      outcome: 'in_progress',
      progress: 40,
    }),
    answered('asking again does not help', 'participant.acknowledged.v1', 1, {
      ...provision,
      attempt: 2,
      outcome: 'failed',
      retryable: false,
      error: 'no store primary is placed',
    }),
    answered('purged', 'participant.acknowledged.v1', 5, {
      ...provision,
      ...OPERATIONS.purge,
      outcome: 'succeeded',
      evidence: { invoicesBefore: 118, invoicesAfter: 0 },
    }),
  ],
  'participant.heartbeat.v1': [
    answered(
      'everything but verifying',
      'participant.heartbeat.v1',
      undefined,
      {
        participant: PARTICIPANT,
        capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
        stores: ['primary'],
        version: '2.4.1',
      },
      PARTICIPANT,
    ),
  ],
  'participant.parked.v1': [
    answered('after eight attempts', 'participant.parked.v1', undefined, {
      ...parkedFact,
      attempts: 8,
      error: 'the ledger has no such account',
      stack: 'NoSuchAccount: the ledger has no such account\n    at close (ledger.js:40:11)',
      payload: { routes: [{ ...FROZEN_ROUTE }] },
    }),
    answered('still so after a redrive', 'participant.parked.v1', undefined, {
      ...parkedFact,
      attempts: 9,
      error: 'the ledger has no such account',
      operationId: RECOVERY_ID,
    }),
  ],
  'participant.unparked.v1': [
    answered('after a redrive', 'participant.unparked.v1', undefined, {
      ...parkedFact,
      how: 'applied',
      operationId: RECOVERY_ID,
    }),
  ],
  'participant.audit_recorded.v1': [
    answered('a question of support', 'participant.audit_recorded.v1', undefined, {
      participant: PARTICIPANT,
      auditId: '0199f2b6-4c10-7f31-9a2e-6b5d4c3b2a19',
      actor: 'support-17',
      action: 'support.read',
      reason: 'ticket 4711: an invoice is missing',
      recordedAt: '2026-01-15T09:31:00.000Z',
      details: { access: 'read', expiresAt: '2026-01-15T10:00:00.000Z' },
    }),
  ],
};
