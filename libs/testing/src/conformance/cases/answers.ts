import type { TenantCase } from '../conformance-case.js';
import { isSameResult } from '../transcript.js';

/** Does what it is asked for, and says so. */
export const ANSWER_CASES: readonly TenantCase[] = [
  {
    id: 'provisions',
    kind: 'tenant',
    needs: ['provision'],
    expects:
      'a provisioning request is carried out and answered `succeeded` with evidence, in every isolation',
    said: 'Data planes: provision',
    async run(stage) {
      for (const isolation of stage.setting.settings.isolations) {
        const tenant = stage.tenant(isolation);
        await stage.succeeds(await stage.ask(tenant, 'provision'));
        await stage.becomes(tenant, 'active');
      }
    },
  },
  {
    id: 'suspends',
    kind: 'tenant',
    needs: ['suspend'],
    expects: 'a suspension request is carried out and answered `succeeded` with evidence',
    said: 'Data planes: suspend',
    async run(stage) {
      const tenant = await stage.tenantAfter('provision');
      await stage.succeeds(await stage.ask(tenant, 'suspend'));
      await stage.becomes(tenant, 'suspended');
    },
  },
  {
    id: 'suspends-what-is-not-there',
    kind: 'tenant',
    needs: ['suspend'],
    expects:
      'a suspension of a tenant that was never provisioned is answered `succeeded`, and the tenant is closed',
    said: 'Data planes: suspend (the fence is written even where nothing is provisioned yet)',
    async run(stage) {
      const tenant = stage.tenant();
      await stage.succeeds(await stage.ask(tenant, 'suspend'));
      await stage.becomes(tenant, 'suspended', 'none');
    },
  },
  {
    id: 'reactivates',
    kind: 'tenant',
    needs: ['reactivate', 'suspend'],
    expects: 'a reactivation request opens a suspended tenant and is answered `succeeded` with evidence',
    said: 'Data planes: reactivate',
    async run(stage) {
      const tenant = await stage.tenantAfter('provision', 'suspend');
      await stage.succeeds(await stage.ask(tenant, 'reactivate'));
      await stage.becomes(tenant, 'active');
    },
  },
  {
    id: 'reactivates-what-is-not-there',
    kind: 'tenant',
    needs: ['reactivate', 'suspend', 'provision'],
    expects:
      'a reactivation provisions what is missing: a tenant suspended before it was provisioned becomes active',
    said: 'Data planes: reactivate (provision what is missing, then open the fence)',
    async run(stage) {
      const tenant = stage.tenant();
      await stage.succeeds(await stage.ask(tenant, 'suspend'));
      await stage.succeeds(await stage.ask(tenant, 'reactivate'));
      await stage.becomes(tenant, 'active');
    },
  },
  {
    id: 'verifies',
    kind: 'tenant',
    needs: ['verify'],
    expects:
      'a verification request about a tenant of whom nothing is left is answered `succeeded` with evidence',
    said: 'Data planes: verify',
    async run(stage) {
      await stage.succeeds(await stage.ask(stage.tenant(), 'verify'));
    },
  },
  {
    id: 'refuses-what-it-cannot-do',
    kind: 'tenant',
    needs: ['provision'],
    expects:
      'a request that cannot be carried out (a placement without any store of this participant) is answered `failed` with an error, and the next operation is carried out',
    said: "Consumer: a request handler's error is a `failed` acknowledgement",
    async run(stage) {
      if (stage.setting.stores.length === 0) return;
      const tenant = stage.tenant();
      const elsewhere = await stage.ask(tenant, 'provision', {
        alter: (data) => ({
          ...data,
          placements: data.placements.map((placement) => ({ ...placement, store: 'nowhere', schema: null })),
        }),
      });
      const answer = await stage.answer(elsewhere);
      stage.check(
        answer.outcome === 'failed',
        `it was answered ${answer.outcome}, although no store of this participant was placed`,
      );
      stage.check(Boolean(answer.error), 'the failure does not say why');
      await stage.succeeds(await stage.ask(tenant, 'provision'));
      await stage.becomes(tenant, 'active');
    },
  },
  {
    id: 'ignores-requests-to-others',
    kind: 'tenant',
    needs: [],
    expects: 'a request addressed to other participants is neither carried out nor answered',
    said: 'Words: participant; Consumer: events not addressed to this group only advance its position',
    async run(stage) {
      const tenant = stage.tenant();
      const before = await stage.fingerprint(tenant);
      const asked = await stage.ask(tenant, stage.firstKind, { participants: ['somebody-else'] });
      const { event } = tenant.again(asked);
      await stage.setting.wire.publish([event]);
      await stage.quiet(tenant);
      stage.check(
        stage.setting.transcript.saidOf(tenant.id) === 0,
        'it answered a request that was addressed to somebody else',
      );
      await stage.unchanged(tenant, before, 'a request to somebody else');
      await stage.succeeds(
        await stage.ask(tenant, stage.firstKind, { participants: ['somebody-else', stage.participant] }),
      );
    },
  },
  {
    id: 'ignores-facts',
    kind: 'tenant',
    needs: [],
    expects:
      'facts and state records, before and after a request, are neither answered nor parked, and hold up nothing',
    said: 'Events: facts; Consumer: facts',
    async run(stage) {
      const tenant = stage.tenant();
      const { wire, transcript } = stage.setting;
      const tell = async (version: number): Promise<void> => {
        const facts = [
          tenant.fact('tenant.updated.v1', { version, plan: 'gold', changed: ['plan', 'labels'] }),
          tenant.fact('tenant.route_changed.v1', { routes: [] }),
        ];
        facts.forEach((fact) => transcript.noteEvent(fact));
        await wire.publish(facts);
      };
      await tell(1);
      const asked = await stage.ask(tenant, stage.firstKind);
      await tell(2);
      await stage.succeeds(asked);
      await stage.quiet(tenant);
      const before = await stage.fingerprint(tenant);
      stage.check(
        transcript.saidOf(tenant.id) === stage.answersTo(asked).length,
        'it said more about the tenant than it was asked',
      );
      await tell(3);
      await stage.quiet(tenant);
      stage.check(
        transcript.saidOf(tenant.id) === stage.answersTo(asked).length,
        'it said something about facts',
      );
      await stage.unchanged(tenant, before, 'a fact');
    },
  },
];

/** Says the same thing when it is asked the same thing. */
export const REPEAT_CASES: readonly TenantCase[] = [
  {
    id: 'duplicate-delivery',
    kind: 'tenant',
    needs: [],
    expects: 'an event that is delivered again has no second effect; what is said of it again is the same',
    said: 'Faults: duplicate event; Consumer: position',
    async run(stage) {
      const tenant = stage.tenant();
      for (const kind of stage.lifeOfATenant) {
        const asked = tenant.ask(kind);
        await stage.send(asked, asked);
        const first = await stage.succeeds(asked);
        const before = await stage.fingerprint(tenant);
        await stage.sendLate(asked, asked);
        await stage.quiet(tenant);
        for (const answer of stage.answersTo(asked))
          stage.check(
            answer.outcome === 'in_progress' ||
              (answer.outcome === 'succeeded' && isSameResult(asked.kind, first.evidence, answer.evidence)),
            `the repeated delivery of ${kind} was answered otherwise: ${JSON.stringify(answer)}`,
          );
        await stage.unchanged(tenant, before, `the repeated delivery of ${kind}`);
      }
    },
  },
  {
    id: 'higher-attempt',
    kind: 'tenant',
    needs: [],
    expects:
      'a finished operation that is asked again gets its stored answer again, with the new attempt, and is not done again',
    said: 'Lifecycle: one that has finished repeats its stored answer',
    async run(stage) {
      const tenant = stage.tenant();
      for (const kind of stage.lifeOfATenant) {
        const asked = await stage.ask(tenant, kind);
        const first = await stage.succeeds(asked);
        const before = await stage.fingerprint(tenant);
        const again = await stage.askAgain(asked);
        const second = await stage.answer(again);
        stage.check(
          second.outcome === 'succeeded' && isSameResult(asked.kind, first.evidence, second.evidence),
          `attempt 2 of ${kind} was answered otherwise: ${JSON.stringify(second)}, first ${JSON.stringify(first)}`,
        );
        await stage.unchanged(tenant, before, `attempt 2 of ${kind}`);
      }
    },
  },
  {
    id: 'lost-acknowledgement',
    kind: 'tenant',
    needs: [],
    expects: 'asked again and again, before and after it has answered, it answers the highest attempt',
    said: 'Lifecycle: acknowledgements; Known ways: acknowledgement lost, doubled, of an older attempt',
    async run(stage) {
      const tenant = stage.tenant();
      const asked = tenant.ask(stage.firstKind);
      const impatient = [asked, tenant.again(asked, 2), tenant.again(asked, 3)];
      await stage.send(...impatient);
      const answer = await stage.answer(impatient[2]!);
      stage.check(answer.outcome === 'succeeded', `attempt 3 was answered ${answer.outcome}`);
      const more = [4, 5, 6].map((attempt) => tenant.again(asked, attempt));
      await stage.send(...more);
      const last = await stage.answer(more[2]!);
      stage.check(
        last.outcome === 'succeeded' && isSameResult(asked.kind, answer.evidence, last.evidence),
        `attempt 6 was answered otherwise: ${JSON.stringify(last)}`,
      );
    },
  },
];
