import type { FactType } from '../messages.js';
import { OPERATION_ID, PURGE_ID, written, type ExamplesOf } from './example.js';
import { FROZEN_ROUTE, OPEN_ROUTE } from './placements.js';

/** Examples of facts. */
export const FACT_EXAMPLES: ExamplesOf<FactType> = {
  'tenant.provisioned.v1': [
    written(
      'everyone has acknowledged',
      'tenant.provisioned.v1',
      { seq: 3, generation: 1 },
      {
        operationId: OPERATION_ID,
        generation: 1,
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
        operationId: OPERATION_ID,
        generation: 2,
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
        operationId: OPERATION_ID,
        generation: 3,
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
        operationId: OPERATION_ID,
        generation: 4,
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
        operationId: OPERATION_ID,
        generation: 5,
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
        operationId: PURGE_ID,
        generation: 5,
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
        operationId: OPERATION_ID,
        generation: 1,
        kind: 'provision',
        participant: 'billing',
        error: 'no store primary is placed',
      },
    ),
  ],
};
