import type { RequestType } from '../messages.js';
import { OPERATIONS, written, type ExamplesOf } from './example.js';
import { OWN_SCHEMA, POOLED } from './placements.js';

const asked = { attempt: 1, participants: ['billing', 'reference'] };

/** Examples of requests to participants. */
export const REQUEST_EXAMPLES: ExamplesOf<RequestType> = {
  'tenant.provisioning_requested.v1': [
    written(
      'shared tables',
      'tenant.provisioning_requested.v1',
      { seq: 1, generation: 1 },
      {
        ...asked,
        ...OPERATIONS.provision,
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
        ...OPERATIONS.provision,
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
        ...OPERATIONS.suspend,
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
        ...OPERATIONS.reactivate,
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
        ...OPERATIONS.purge,
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
        ...OPERATIONS.purge,
        participants: ['verifier'],
        desired: 'purged',
        placements: [POOLED],
      },
    ),
  ],
};
