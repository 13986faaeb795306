import type { RequestType } from '../messages.js';
import { OPERATION_ID, PURGE_ID, written, type ExamplesOf } from './example.js';
import { OWN_SCHEMA, POOLED } from './placements.js';

const asked = { operationId: OPERATION_ID, attempt: 1, participants: ['billing', 'reference'] };

/** Examples of requests to participants. */
export const REQUEST_EXAMPLES: ExamplesOf<RequestType> = {
  'tenant.provisioning_requested.v1': [
    written(
      'shared tables',
      'tenant.provisioning_requested.v1',
      { seq: 1, generation: 1 },
      {
        ...asked,
        generation: 1,
        desired: 'active',
        placements: [POOLED],
      },
    ),
    written(
      'asked again, of one participant',
      'tenant.provisioning_requested.v1',
      { seq: 2, generation: 1 },
      {
        ...asked,
        generation: 1,
        attempt: 2,
        participants: ['billing'],
        desired: 'active',
        placements: [OWN_SCHEMA],
      },
    ),
  ],
  'tenant.suspension_requested.v1': [
    written(
      'a tenant is suspended',
      'tenant.suspension_requested.v1',
      { seq: 4, generation: 2 },
      {
        ...asked,
        generation: 2,
        desired: 'suspended',
        placements: [POOLED],
      },
    ),
  ],
  'tenant.reactivation_requested.v1': [
    written(
      'a tenant is let in again',
      'tenant.reactivation_requested.v1',
      { seq: 7, generation: 3 },
      {
        ...asked,
        generation: 3,
        desired: 'active',
        placements: [POOLED],
      },
    ),
  ],
  'tenant.purge_requested.v1': [
    written(
      'the grace period is over',
      'tenant.purge_requested.v1',
      { seq: 12, generation: 5 },
      {
        ...asked,
        operationId: PURGE_ID,
        generation: 5,
        desired: 'purged',
        placements: [POOLED],
      },
    ),
  ],
  'tenant.verification_requested.v1': [
    written(
      'everyone has purged',
      'tenant.verification_requested.v1',
      { seq: 13, generation: 5 },
      {
        ...asked,
        operationId: PURGE_ID,
        generation: 5,
        participants: ['verifier'],
        desired: 'purged',
        placements: [POOLED],
      },
    ),
  ],
};
