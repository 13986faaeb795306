import type { RecoveryType } from '../messages.js';
import { OPERATIONS, RECOVERY_ID, written, type ExamplesOf } from './example.js';
import { FROZEN_ROUTE } from './placements.js';

const asked = {
  operationId: RECOVERY_ID,
  generation: 2,
  attempt: 1,
  participants: ['billing'],
  group: 'billing',
};

/** Examples of requests to deal with parked facts. */
export const RECOVERY_EXAMPLES: ExamplesOf<RecoveryType> = {
  'participant.redrive_requested.v1': [
    written(
      'after the service was mended',
      'participant.redrive_requested.v1',
      { seq: 8, generation: 2 },
      {
        ...asked,
        tenantSeq: '5',
      },
    ),
  ],
  'participant.skip_requested.v1': [
    written(
      'the fact does not matter any more',
      'participant.skip_requested.v1',
      { seq: 9, generation: 2 },
      {
        ...asked,
        tenantSeq: '5',
      },
    ),
  ],
  'participant.replay_requested.v1': [
    written(
      'two facts, in one part',
      'participant.replay_requested.v1',
      { seq: 10, generation: 2 },
      {
        ...asked,
        replayId: '0199f2b4-2f00-7e11-8d20-93b1c4a5d6e7',
        fromSeq: '5',
        part: 1,
        parts: 1,
        facts: [
          {
            id: '0199f2a4-9000-7000-8000-000000000005',
            type: 'tenant.route_changed.v1',
            time: '2026-01-15T09:30:05.000Z',
            tenantSeq: '5',
            generation: '2',
            data: { routes: [{ ...FROZEN_ROUTE }] },
          },
          {
            id: '0199f2a4-9000-7000-8000-000000000006',
            type: 'tenant.suspended.v1',
            time: '2026-01-15T09:30:06.000Z',
            tenantSeq: '6',
            generation: '2',
            data: { ...OPERATIONS.suspend, state: 'SUSPENDED' },
          },
        ],
      },
    ),
  ],
};
