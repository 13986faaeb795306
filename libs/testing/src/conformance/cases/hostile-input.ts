import type { AloneCase } from '../conformance-case.js';
import type { PlayedTenant } from '../played-tenant.js';
import type { Stage } from '../stage.js';

/** Afterwards the tenant, and one beside it, are served as ever, by the process that there was before. */
async function goesOn(stage: Stage, tenant: PlayedTenant, work: () => Promise<void>): Promise<void> {
  const deaths = stage.setting.process?.endedByItself.length ?? 0;
  const bystander = stage.tenant(undefined, stage.setting.wire.neighbour(tenant.id));
  await work();
  const asked = [await stage.ask(tenant, stage.firstKind), await stage.ask(bystander, stage.firstKind)];
  try {
    for (const one of asked) await stage.succeeds(one);
  } finally {
    const death = stage.setting.process?.endedByItself[deaths];
    stage.check(death === undefined, death ?? '');
  }
}

/** What does not keep the contract neither ends the process nor holds up anybody. */
export const HOSTILE_INPUT_CASES: readonly AloneCase[] = [
  {
    id: 'malformed-events',
    kind: 'alone',
    needs: [],
    expects:
      'what is no lifecycle event at all is passed: the process lives, and its tenant and others go on',
    said: 'Consumer: neither crashes nor blocks; Faults: poison message',
    async run(stage) {
      const tenant = stage.tenant();
      await goesOn(stage, tenant, async () => {
        for (const { what, send } of stage.setting.wire.malformed(tenant.id, () => tenant.nextSeq())) {
          stage.note(`-> malformed: ${what}`);
          await send();
        }
      });
    },
  },
  {
    id: 'unknown-types',
    kind: 'alone',
    needs: [],
    expects: 'types and type versions that it does not know are passed',
    said: 'Contracts: a breaking change is a new type version',
    async run(stage) {
      const tenant = stage.tenant();
      await goesOn(stage, tenant, async () => {
        for (const type of [
          'tenant.colour_changed.v1',
          'tenant.provisioning_requested.v99',
          'participant.nap_requested.v1',
          'com.example.other',
        ])
          await stage.setting.wire.publish([
            tenant.event(type, { participants: [stage.participant], colour: 'red' }, 1, tenant.nextSeq()),
          ]);
      });
    },
  },
  {
    id: 'broken-payloads',
    kind: 'alone',
    needs: [],
    expects: 'a request or fact whose payload breaks its schema is passed, and not carried out',
    said: 'Contracts: schemas; Consumer',
    async run(stage) {
      const tenant = stage.tenant();
      await goesOn(stage, tenant, async () => {
        const { type, data } = stage.tenant().ask(stage.firstKind).event;
        const broken: readonly unknown[] = [
          null,
          'provision',
          [],
          {},
          { ...data, generation: 'three' },
          { ...data, generation: -1 },
          { ...data, generation: 1e300 },
          { ...data, operationId: 'not-a-uuid' },
          { ...data, attempt: 0 },
          { ...data, participants: stage.participant },
          { ...data, placements: null },
          { ...data, operationId: '\u0000' },
        ];
        // Postgres keeps no NUL, so the embedded transport cannot carry one.
        const carried = stage.setting.wire.transport === 'kafka' ? broken : broken.slice(0, -1);
        for (const payload of carried)
          await stage.setting.wire.publish([tenant.event(type, payload, 1, tenant.nextSeq())]);
        await stage.setting.wire.publish([
          tenant.event('tenant.updated.v1', { version: 'one' }, 1, tenant.nextSeq()),
        ]);
      });
    },
  },
  {
    id: 'unknown-properties',
    kind: 'alone',
    needs: [],
    expects: 'properties that it does not know, in the payload or the placements, change nothing',
    said: 'Contracts: only optional additions within a version; readers are open',
    async run(stage) {
      const tenant = stage.tenant();
      const asked = await stage.ask(tenant, stage.firstKind, {
        alter: (data) => ({
          ...data,
          colour: 'red',
          nested: { deep: [1, { deeper: true }] },
          placements: data.placements.map((placement) => ({ ...placement, rack: 7 })),
        }),
      });
      await stage.succeeds(asked);
    },
  },
  {
    id: 'structured-mode',
    kind: 'alone',
    needs: [],
    transport: 'kafka',
    expects: "a request in CloudEvents' structured mode is carried out as one in binary mode",
    said: 'Topics: accept structured mode on input too',
    async run(stage) {
      const { wire, transcript } = stage.setting;
      const asked = stage.tenant().ask(stage.firstKind);
      transcript.noteAsked(asked);
      await wire.publishStructured?.(asked.event);
      await stage.succeeds(asked);
    },
  },
];
