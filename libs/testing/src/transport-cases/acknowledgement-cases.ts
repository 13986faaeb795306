import type { Envelope, Heartbeat } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { deepStrictEqual as same } from 'node:assert/strict';
import { waitFor } from '../wait-for.js';
import {
  heartbeat,
  PATIENCE_MS,
  TRACEPARENT,
  unexpected,
  updated,
  type TransportCase,
} from './transport-case.js';

/** The way back, and that a trace goes there and back. */
export const ACKNOWLEDGEMENT_CASES: readonly TransportCase[] = [
  {
    name: 'brings acknowledgements in order, with whose channel they came on, again after a rejection, and past malformed ones',
    async run(rig) {
      const seen: string[] = [];
      const malformed: string[] = [];
      let rejections = 1;
      const subscription = await rig.control.consumeAcknowledgements({
        participants: async () => ['alice', 'bob'],
        handler: async (participant, message) => {
          const { version } = message.data as Heartbeat;
          if (!['first', 'second', 'forged'].includes(message.subject)) return;
          seen.push(`${participant} ${message.subject} ${version}`);
          if (message.subject === 'second' && rejections-- > 0) throw new Error('not now');
        },
        onMalformed: async (participant) => void malformed.push(participant),
      });
      await (
        await rig.participant('alice')
      ).acknowledge([
        heartbeat('alice', 'first'),
        { ...heartbeat('alice', 'broken'), type: '' },
        heartbeat('alice', 'second'),
        heartbeat('alice', 'second', '2'),
      ]);
      await (await rig.participant('bob')).acknowledge([heartbeat('alice', 'forged')]);
      await waitFor(
        'all acknowledgements',
        () => new Set(seen).size === 4 && rejections < 0 && malformed.length > 0,
        PATIENCE_MS,
      );
      same(
        seen.filter((one) => one.includes('second')),
        ['alice second 1', 'alice second 1', 'alice second 2'],
      );
      same([...seen].filter((one) => !one.includes('second')).sort(), ['alice first 1', 'bob forged 1']);
      same(malformed, ['alice']);
      await subscription.stop();
    },
  },
  {
    name: 'brings the messages of a participant that nobody has declared',
    async run(rig) {
      const seen: string[] = [];
      const subscription = await rig.control.consumeAcknowledgements({
        participants: async () => ['alice', 'bob'],
        handler: async (participant, message) => void seen.push(`${participant} ${message.subject}`),
        onMalformed: async () => undefined,
      });
      const carol = await rig.participant('carol');
      // As every sender does: where there is no channel yet, the first try makes it.
      const send = () => carol.acknowledge([heartbeat('carol', 'carol')]).then(() => true);
      await waitFor('its channel', send, PATIENCE_MS);
      await waitFor('the first sign of life', () => seen.includes('carol carol'), PATIENCE_MS);
      await subscription.stop();
    },
  },
  {
    name: 'carries the trace of a request to the participant and back with its answer',
    async run(rig) {
      const tenantId = newId();
      const answers: Envelope[] = [];
      const alice = await rig.participant('alice');
      const subscriptions = [
        await rig.control.consumeAcknowledgements({
          participants: async () => ['alice', 'bob'],
          handler: async (_participant, message) =>
            void (message.subject === tenantId && answers.push(message)),
          onMalformed: async () => undefined,
        }),
        await alice.consumeLifecycle({
          group: 'alice.traced',
          handler: async ({ subject, traceparent }) => {
            if (subject !== tenantId) return;
            const trace = traceparent === undefined ? {} : { traceparent, tracestate: 'vendor=value' };
            await alice.acknowledge([{ ...heartbeat('alice', tenantId), ...trace }]);
          },
          onMalformed: unexpected,
        }),
      ];
      await rig.enqueue([updated(tenantId, 1)]);
      const answer = await waitFor('the answer', () => answers[0], PATIENCE_MS);
      same([answer.traceparent, answer.tracestate], [TRACEPARENT, 'vendor=value']);
      await Promise.all(subscriptions.map((one) => one.stop()));
    },
  },
];
