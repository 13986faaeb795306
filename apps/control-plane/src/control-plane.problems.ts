import type { ProblemCatalogue } from '@tenantry/service';
import type { LastAdminKey } from './api-keys/api-key.errors.js';
import type * as audit from './audit/audit.errors.js';
import type * as certificates from './certificates/certificate.errors.js';
import type * as clusters from './clusters/cluster.errors.js';
import type { IdempotencyKeyInFlight, IdempotencyKeyReused } from './idempotency/idempotency.errors.js';
import type { OperationActionRefused } from './operations/operation.errors.js';
import type { ParticipantHoldsTenants } from './participants/participant.errors.js';
import type * as parked from './parked/parked.errors.js';
import type { BulkCapExceeded } from './tenants/bulk.errors.js';
import type * as tenants from './tenants/tenant.errors.js';
import type { TooManyWatchers } from './watching/watch.errors.js';

/** The codes of every error class that a module exports. */
type CodesOf<Module> = {
  [Name in keyof Module]: Module[Name] extends abstract new (...args: never) => { readonly code: infer Code }
    ? Code
    : never;
}[keyof Module];

/** Every code that a rule of the control plane itself can raise; libs/service has its own. */
export type ControlPlaneProblemCode =
  | CodesOf<typeof tenants>
  | CodesOf<typeof audit>
  | CodesOf<typeof clusters>
  | CodesOf<typeof certificates>
  | CodesOf<typeof parked>
  | BulkCapExceeded['code']
  | OperationActionRefused['code']
  | LastAdminKey['code']
  | ParticipantHoldsTenants['code']
  | TooManyWatchers['code']
  | IdempotencyKeyInFlight['code']
  | IdempotencyKeyReused['code'];

/** How each of them is answered; complete by type. */
export const CONTROL_PLANE_PROBLEMS: ProblemCatalogue<ControlPlaneProblemCode> = {
  'tenant-not-found': { status: 404, title: 'No such tenant' },
  'slug-taken': { status: 409, title: 'The slug is taken' },
  'confirmation-required': { status: 422, title: 'Confirmation is required' },
  'confirmation-wrong': { status: 422, title: 'The confirmation names something else' },
  'illegal-transition': { status: 409, title: 'Not possible in this state' },
  'tenant-purged': { status: 409, title: 'The tenant is purged' },
  'no-deletion-scheduled': { status: 404, title: 'No deletion is scheduled' },
  'operation-action-refused': { status: 409, title: 'Not possible for this operation' },
  'already-paused': { status: 409, title: 'Automation is paused already' },
  'not-paused': { status: 409, title: 'Automation is not paused' },
  'purge-has-begun': { status: 409, title: 'The purge has begun' },
  'no-legal-hold': { status: 404, title: 'No legal hold is placed' },
  'bulk-cap-exceeded': { status: 422, title: 'More tenants than the cap' },
  'too-many-watchers': {
    status: 503,
    title: 'Too many are watching',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
  'last-admin-key': { status: 409, title: 'The last admin key' },
  'participant-holds-tenants': { status: 409, title: 'The participant holds tenants' },
  'cluster-name-taken': { status: 409, title: 'The name is taken' },
  'cluster-in-use': { status: 409, title: 'Tenants are on the cluster' },
  'no-cluster-available': { status: 409, title: 'No cluster can take the tenant' },
  'audit-unavailable': {
    status: 503,
    title: 'The audit log cannot be written',
    headers: () => ({ 'Retry-After': '5' }),
  },
  'certificate-not-ready': { status: 409, title: 'There is no certificate yet' },
  'certificate-refused': { status: 409, title: 'The destruction is not certified' },
  'no-checkpoint-yet': { status: 409, title: 'Nothing is signed yet' },
  'parked-fact-action-refused': { status: 409, title: 'Not possible for this parked fact' },
  'replay-refused': { status: 409, title: 'The replay cannot be had' },
  'idempotency-key-in-flight': {
    status: 409,
    title: 'The same request is being worked on',
    headers: ({ retryAfterSeconds }) => ({ 'Retry-After': String(retryAfterSeconds) }),
  },
  'idempotency-key-reused': { status: 422, title: 'The Idempotency-Key was used for another request' },
};
