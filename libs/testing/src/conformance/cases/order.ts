import { setTimeout as pause } from 'node:timers/promises';
import type { TenantCase } from '../conformance-case.js';
import type { Asked, Kind, PlayedTenant } from '../played-tenant.js';
import type { Stage } from '../stage.js';
import { isSameResult } from '../transcript.js';

const EPOCH = 2 ** 32;

/** A success of what must not be carried out any more. */
function refuseSuccess(stage: Stage, asked: Asked, why: string): void {
  const done = stage.answersTo(asked).find(({ outcome }) => outcome === 'succeeded');
  stage.check(!done, `${asked.kind} g${asked.generation} was answered succeeded, ${why}`);
}

/** The newest generation counts, in whatever order things arrive. */
export const ORDER_CASES: readonly TenantCase[] = [
  {
    id: 'older-generation',
    kind: 'tenant',
    needs: ['provision', 'suspend'],
    expects:
      'after a suspension of generation 2 a late provisioning of generation 1 is not carried out: the tenant stays closed',
    said: 'Faults: reordered or stale generation; Words: generation',
    async run(stage) {
      const tenant = stage.tenant();
      const late = tenant.ask('provision', { generation: 1, tenantSeq: '2' });
      const suspension = tenant.ask('suspend', { generation: 2, tenantSeq: '1' });
      tenant.skipTo(2n);
      await stage.send(suspension);
      await stage.succeeds(suspension);
      const before = await stage.fingerprint(tenant);
      // Its sequence has been passed by the fact of the suspension: so it comes once more as a new event, too.
      await stage.sendLate(late, tenant.again(late));
      await stage.quiet(tenant);
      refuseSuccess(stage, late, 'after generation 2 had been');
      await stage.unchanged(tenant, before, 'a provisioning of an older generation');
      await stage.becomes(tenant, 'suspended', 'none');
    },
  },
  {
    id: 'older-generation-of-a-finished-one',
    kind: 'tenant',
    needs: ['provision', 'suspend'],
    expects:
      'a finished provisioning that is asked again after a suspension changes nothing; at most its stored answer is repeated',
    said: 'Faults: reordered or stale generation',
    async run(stage) {
      const tenant = stage.tenant();
      const provisioning = await stage.ask(tenant, 'provision');
      const first = await stage.succeeds(provisioning);
      await stage.succeeds(await stage.ask(tenant, 'suspend'));
      await stage.becomes(tenant, 'suspended');
      const before = await stage.fingerprint(tenant);
      await stage.sendLate(tenant.again(provisioning));
      await stage.quiet(tenant);
      for (const answer of stage.answersTo(provisioning))
        stage.check(
          answer.outcome !== 'succeeded' || isSameResult(provisioning.kind, first.evidence, answer.evidence),
          `the old provisioning was answered anew: ${JSON.stringify(answer)}`,
        );
      await stage.unchanged(tenant, before, 'a provisioning of an older generation');
      await stage.becomes(tenant, 'suspended');
    },
  },
  {
    id: 'suspension-supersedes',
    kind: 'tenant',
    needs: ['provision', 'suspend'],
    expects:
      'a suspension that comes while a provisioning runs is carried out and answered, and the tenant stays closed',
    said: 'Lifecycle: a newer operation supersedes an older one; Consumer: requests',
    async run(stage) {
      const tenants = Array.from({ length: 5 }, () => stage.tenant());
      await Promise.all(
        tenants.map(async (tenant) => {
          const delayMs = stage.random.next() * stage.usualMs('provision');
          await stage.ask(tenant, 'provision');
          await pause(delayMs);
          await stage.succeeds(await stage.ask(tenant, 'suspend'));
        }),
      );
      await stage.quiet(...tenants);
      for (const tenant of tenants) await stage.becomes(tenant, 'suspended', 'none');
    },
  },
  {
    id: 'reordered-deliveries',
    kind: 'tenant',
    needs: ['provision', 'suspend'],
    expects: 'an event that is overtaken by a later one of its tenant is not carried out when it comes',
    said: 'Consumer: tenantSeq at or below the last is skipped; Known ways: a relay past its lease publishes late',
    async run(stage) {
      const tenant = stage.tenant();
      const provisioning = tenant.ask('provision');
      const suspension = tenant.ask('suspend');
      await stage.send(suspension);
      await stage.succeeds(suspension);
      const before = await stage.fingerprint(tenant);
      await stage.sendLate(provisioning);
      await stage.quiet(tenant);
      refuseSuccess(stage, provisioning, 'although it came behind generation 2');
      await stage.unchanged(tenant, before, 'an event that was overtaken');
      await stage.becomes(tenant, 'suspended', 'none');
    },
  },
  {
    id: 'shuffled-lifecycle',
    kind: 'tenant',
    needs: ['provision', 'suspend', 'reactivate'],
    expects:
      'of requests that arrive in any order, some of them twice, the newest generation is answered and holds in the end',
    said: 'Words: generation; Faults: reordered or stale generation',
    async run(stage) {
      const ends = await Promise.all([0, 1, 2, 3].map((index) => shuffled(stage, index)));
      await stage.quiet(...ends.map(({ tenant }) => tenant));
      for (const { tenant, newest } of ends)
        if (newest.kind === 'suspend') await stage.becomes(tenant, 'suspended', 'none');
        else await stage.becomes(tenant, 'active');
    },
  },
  {
    id: 'gap',
    kind: 'tenant',
    needs: [],
    expects: 'a gap in the tenant sequence holds up nothing: what follows it is carried out and answered',
    said: 'Consumer: a gap',
    async run(stage) {
      const tenant = stage.tenant();
      const life = stage.lifeOfATenant;
      for (const [index, kind] of life.entries()) {
        tenant.skipTo(BigInt(index + 1) * 10n);
        await stage.succeeds(await stage.ask(tenant, kind));
      }
    },
  },
  {
    id: 'large-numbers',
    kind: 'tenant',
    needs: ['provision', 'suspend', 'reactivate'],
    expects:
      'generations and sequences are compared as numbers of 64 bits: 10 follows 9, and an epoch (2³²) follows both',
    said: 'Words: epoch; Consumer: position',
    async run(stage) {
      const tenant = stage.tenant();
      await stage.succeeds(await stage.ask(tenant, 'provision', { generation: 8 }));
      const steps: readonly (readonly [Kind, number])[] = [
        ['suspend', 9],
        ['reactivate', 10],
        ['suspend', EPOCH + 1],
      ];
      for (const [kind, generation] of steps) {
        tenant.skipTo(BigInt(generation) * 10n);
        await stage.succeeds(await stage.ask(tenant, kind, { generation }));
      }
      const before = await stage.fingerprint(tenant);
      const old = tenant.ask('reactivate', { generation: 11 });
      await stage.sendLate(old);
      await stage.quiet(tenant);
      refuseSuccess(stage, old, `after generation ${EPOCH + 1} had been`);
      await stage.unchanged(tenant, before, 'a reactivation of an epoch that is over');
      await stage.becomes(tenant, 'suspended');
    },
  },
];

/** Delivers a life of six operations in a random order; whether the sequences follow the order of arrival depends on the index. */
async function shuffled(stage: Stage, index: number): Promise<{ tenant: PlayedTenant; newest: Asked }> {
  const tenant = stage.tenant();
  const kinds: readonly Kind[] = ['provision', 'suspend', 'reactivate', 'suspend', 'reactivate', 'suspend'];
  const life = index < 2 ? kinds : kinds.slice(0, 5);
  const opens = (place: number | undefined): boolean => life[place ?? 0] !== 'suspend';
  let places: number[];
  // An order whose last one undoes what the newest has done, or else obeying the last one would do.
  do places = stage.random.shuffled(life.map((_, place) => place));
  while (opens(places.at(-1)) === opens(life.length - 1));
  const asked = life.map((kind, place) =>
    tenant.ask(kind, {
      generation: place + 1,
      tenantSeq: String(index % 2 === 0 ? places.indexOf(place) + 1 : place + 1),
    }),
  );
  tenant.skipTo(BigInt(life.length));
  for (const [arrival, place] of places.entries()) {
    await stage.sendLate(asked[place]!);
    const repeated = places[stage.random.below(arrival + 1)]!;
    if (stage.random.next() < 0.4) await stage.sendLate(asked[repeated]!);
  }
  const newest = asked.at(-1)!;
  await stage.succeeds(newest);
  return { tenant, newest };
}
