import type { ObservedCase } from '../conformance-case.js';

/** A participant is silent for its control plane when nothing was heard for so long, in milliseconds. */
const SILENT_AFTER_MS = 90_000;

/** What holds for everything that was said. */
export const OBSERVED_CASES: readonly ObservedCase[] = [
  {
    id: 'well-formed',
    kind: 'observed',
    needs: [],
    expects:
      'every message keeps its schema (an undeclared property is an error) and its envelope, with the tenant as key and subject',
    said: 'Topics: envelope; Contracts: closed writer schemas',
    judge: async ({ transcript }) => transcript.malformed,
  },
  {
    id: 'only-what-was-asked',
    kind: 'observed',
    needs: [],
    expects:
      'every acknowledgement matches a request to this participant: operation, tenant, generation, and an attempt that was asked for',
    said: 'Events: acknowledgements are matched on (operation, generation, participant)',
    judge: async ({ transcript }) => transcript.unasked,
  },
  {
    id: 'answers-agree',
    kind: 'observed',
    needs: [],
    expects:
      'once an operation has succeeded, every further answer to it says the same (a verification may be done anew)',
    said: 'Lifecycle: `succeeded` is final; a finished one repeats its stored answer',
    judge: async ({ transcript }) => transcript.contradictions,
  },
  {
    id: 'own-channel',
    kind: 'observed',
    needs: [],
    expects: 'it writes to its own acknowledgement channel and nowhere else',
    said: 'Topics: one acknowledgement topic each',
    judge: async ({ setting }) => setting.wire.trespasses(),
  },
  {
    id: 'heartbeat',
    kind: 'observed',
    needs: [],
    expects:
      'within 60 s of its start, and then every 30 s, it says that it lives, what it can do, which stores it has, and its version',
    said: 'Events: participant.heartbeat',
    async judge({ transcript: { heartbeats }, setting }) {
      const { capabilities, stores, startMs } = setting.settings;
      const problems = [...new Set(heartbeats.flatMap((one) => one.problems))];
      const sound = heartbeats.filter((one) => one.problems.length === 0);
      if (sound.length === 0) problems.push(`none was heard within ${startMs} ms`);
      for (const { data } of sound) {
        if (capabilities && data.capabilities.toSorted().join() !== capabilities.toSorted().join())
          problems.push(
            `it names the capabilities ${data.capabilities.join()}, expected ${capabilities.join()}`,
          );
        if (stores && data.stores.toSorted().join() !== stores.toSorted().join())
          problems.push(`it names the stores ${data.stores.join()}, expected ${stores.join()}`);
        if (data.capabilities.length === 0) problems.push('it names no capability');
      }
      for (const [index, { at }] of heartbeats.entries()) {
        const next = heartbeats[index + 1]?.at ?? performance.now();
        if (next - at > SILENT_AFTER_MS)
          problems.push(`none was heard for ${Math.round((next - at) / 1000)} s`);
      }
      return [...new Set(problems)];
    },
  },
];
