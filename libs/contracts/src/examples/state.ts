import { STATE_RECORD_TYPE } from '../messages.js';
import { TENANT_ID, written, type ExamplesOf } from './example.js';
import { FROZEN_ROUTE, OPEN_ROUTE } from './placements.js';

const record = {
  tenantId: TENANT_ID,
  slug: 'initech',
  plan: 'enterprise',
  region: 'default',
  isolation: 'pooled',
} as const;

/** Examples of the record on the compacted topic. */
export const STATE_EXAMPLES: ExamplesOf<typeof STATE_RECORD_TYPE> = {
  [STATE_RECORD_TYPE]: [
    written(
      'an active tenant',
      STATE_RECORD_TYPE,
      { seq: 3, generation: 1 },
      {
        ...record,
        state: 'ACTIVE',
        generation: 1,
        version: 2,
        tenantSeq: '3',
        routes: [OPEN_ROUTE],
        updatedAt: '2026-01-15T09:30:03.000Z',
      },
    ),
    written(
      'a suspended tenant',
      STATE_RECORD_TYPE,
      { seq: 6, generation: 2 },
      {
        ...record,
        state: 'SUSPENDED',
        generation: 2,
        version: 4,
        tenantSeq: '6',
        routes: [FROZEN_ROUTE],
        updatedAt: '2026-01-15T09:30:06.000Z',
      },
    ),
    written(
      'a purged tenant, whose record stays',
      STATE_RECORD_TYPE,
      { seq: 14, generation: 5 },
      {
        ...record,
        state: 'PURGED',
        generation: 5,
        version: 9,
        tenantSeq: '14',
        routes: [],
        updatedAt: '2026-02-14T09:31:12.000Z',
      },
    ),
  ],
};
