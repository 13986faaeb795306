import type { AloneCase } from '../conformance-case.js';
import type { Asked } from '../played-tenant.js';
import type { Stage } from '../stage.js';

/** The last of a tenant's operations is answered, and none of an older generation after a newer one. */
async function inOrder(stage: Stage, requests: readonly Asked[]): Promise<void> {
  const newest = requests.at(-1)!;
  await stage.succeeds(newest);
  const successes = requests
    .flatMap((asked) => stage.answersTo(asked))
    .filter(({ outcome }) => outcome === 'succeeded')
    .sort((a, b) => a.heardAt - b.heardAt);
  for (const [index, answer] of successes.entries()) {
    const before = successes[index - 1];
    stage.check(
      before === undefined || before.generation <= answer.generation,
      `tenant ${newest.tenant.id}: generation ${answer.generation} was done after generation ${before?.generation}`,
    );
  }
}

/** Many at once, and nobody listening. */
export const LOAD_CASES: readonly AloneCase[] = [
  {
    id: 'burst',
    kind: 'alone',
    needs: [],
    expects:
      'many tenants at once (50 unless told otherwise), each with several operations, are all answered, each in order',
    said: 'Topics: ordered per tenant; Consumer: one worker per (service, tenant)',
    async run(stage) {
      const { burst, recoveryMs } = stage.setting.settings;
      const kinds = stage.lifeOfATenant.filter((kind) => kind !== 'purge');
      const asked = Array.from({ length: burst }, () => {
        const tenant = stage.tenant();
        return kinds.map((kind) => tenant.ask(kind));
      });
      // By rounds, so that tenants alternate on the way.
      for (const index of kinds.keys()) await stage.sendLate(...asked.map((requests) => requests[index]!));
      for (const requests of asked) await stage.answer(requests.at(-1)!, recoveryMs);
      for (const requests of asked) await inOrder(stage, requests);
    },
  },
  {
    id: 'slow-reader',
    kind: 'alone',
    needs: [],
    expects: 'while nobody reads its answers it goes on, and every answer is there when they are read',
    said: 'Topics: acknowledgements; Faults: data plane and broker down',
    async run(stage) {
      const { wire, settings } = stage.setting;
      await wire.pause();
      const asked: Asked[] = [];
      try {
        for (let count = 0; count < 20; count++) asked.push(await stage.ask(stage.tenant(), stage.firstKind));
        // Long enough for most of them to be answered into the void.
        await new Promise((resolve) =>
          setTimeout(
            resolve,
            Math.min(settings.timeoutMs, 3 * stage.usualMs(stage.firstKind) + settings.quietMs),
          ),
        );
      } finally {
        await wire.resume();
      }
      for (const one of asked) await stage.succeeds(one);
    },
  },
];
