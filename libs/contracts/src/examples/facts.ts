import type { FactType } from '../messages.js';
import { OPERATIONS, written, type ExamplesOf } from './example.js';
import { FROZEN_ROUTE, OPEN_ROUTE } from './placements.js';

/** Examples of facts. */
export const FACT_EXAMPLES: ExamplesOf<FactType> = {
  'tenant.provisioned.v1': [
    written(
      'everyone has acknowledged',
      'tenant.provisioned.v1',
      { seq: 3, generation: 1 },
      {
        ...OPERATIONS.provision,
        state: 'ACTIVE',
      },
    ),
  ],
  'tenant.suspended.v1': [
    written(
      'everyone has closed it',
      'tenant.suspended.v1',
      { seq: 6, generation: 2 },
      {
        ...OPERATIONS.suspend,
        state: 'SUSPENDED',
      },
    ),
  ],
  'tenant.reactivated.v1': [
    written(
      'everyone lets it in',
      'tenant.reactivated.v1',
      { seq: 8, generation: 3 },
      {
        ...OPERATIONS.reactivate,
        state: 'ACTIVE',
      },
    ),
  ],
  'tenant.deletion_scheduled.v1': [
    written(
      'a month to change one’s mind',
      'tenant.deletion_scheduled.v1',
      { seq: 9, generation: 4 },
      {
        ...OPERATIONS.delete,
        purgeAfter: '2026-02-14T09:30:09.000Z',
      },
    ),
  ],
  'tenant.deletion_cancelled.v1': [
    written(
      'it stays',
      'tenant.deletion_cancelled.v1',
      { seq: 11, generation: 5 },
      {
        ...OPERATIONS.cancelDeletion,
        state: 'ACTIVE',
      },
    ),
  ],
  'tenant.purged.v1': [
    written(
      'nothing is left',
      'tenant.purged.v1',
      { seq: 14, generation: 5 },
      {
        ...OPERATIONS.purge,
        state: 'PURGED',
      },
    ),
  ],
  'tenant.updated.v1': [
    written(
      'another plan',
      'tenant.updated.v1',
      { seq: 4, generation: 1 },
      {
        version: 3,
        plan: 'enterprise',
        changed: ['plan'],
      },
    ),
  ],
  'tenant.route_changed.v1': [
    written('opened', 'tenant.route_changed.v1', { seq: 2, generation: 1 }, { routes: [OPEN_ROUTE] }),
    written('closed', 'tenant.route_changed.v1', { seq: 5, generation: 2 }, { routes: [FROZEN_ROUTE] }),
  ],
  'tenant.operation_failed.v1': [
    written(
      'a participant cannot do it',
      'tenant.operation_failed.v1',
      { seq: 3, generation: 1 },
      {
        ...OPERATIONS.provision,
        kind: 'provision',
        participant: 'billing',
        error: 'no store primary is placed',
      },
    ),
  ],
};
