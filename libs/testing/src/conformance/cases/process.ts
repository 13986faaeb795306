import type { CrashCase, ProcessCase } from '../conformance-case.js';
import { isSameResult } from '../transcript.js';

const SIGTERM_PATIENCE_MS = 30_000;

/** What is under way when the process is killed. */
export const CRASH_CASES: readonly CrashCase[] = [
  {
    id: 'crash-while-provisioning',
    kind: 'crash',
    needs: ['provision'],
    asks: 'provision',
    expects:
      'killed in the middle of a provisioning and started again, it finishes, by itself or at the next attempt, once',
    said: 'Faults: kill -9 after each step',
    prepare: async (stage) => stage.tenant(),
    becomes: ['active'],
  },
  {
    id: 'crash-while-suspending',
    kind: 'crash',
    needs: ['suspend'],
    asks: 'suspend',
    expects:
      'killed in the middle of a suspension and started again, it finishes, by itself or at the next attempt, once',
    said: 'Faults: kill -9 after each step',
    prepare: (stage) => stage.tenantAfter('provision'),
    becomes: ['suspended'],
  },
  {
    id: 'crash-while-purging',
    kind: 'crash',
    needs: ['purge'],
    asks: 'purge',
    expects:
      'killed in the middle of a purge and started again, it finishes, by itself or at the next attempt, once',
    said: 'Faults: kill -9 after each step',
    prepare: (stage) => stage.tenantAfter('provision', 'suspend'),
    becomes: ['purged', 'none'],
  },
  {
    id: 'crash-while-verifying',
    kind: 'crash',
    needs: ['verify'],
    asks: 'verify',
    expects:
      'killed in the middle of a verification and started again, it finishes, by itself or at the next attempt',
    said: 'Faults: kill -9 after each step',
    prepare: async (stage) => stage.tenant(),
    becomes: ['purged', 'none'],
  },
];

/** Ends and beginnings. */
export const PROCESS_CASES: readonly ProcessCase[] = [
  {
    id: 'crash-after-answer',
    kind: 'process',
    needs: [],
    expects:
      'killed after it has answered and started again, it repeats that answer when it is asked again, and does nothing again',
    said: 'Lifecycle: one that has finished repeats its stored answer; Faults: kill -9',
    async run(stage) {
      const tenant = stage.tenant();
      const asked = await stage.ask(tenant, stage.firstKind);
      const first = await stage.succeeds(asked);
      const before = await stage.fingerprint(tenant);
      await stage.crash();
      const second = await stage.answer(await stage.askAgain(asked), stage.setting.settings.recoveryMs);
      stage.check(
        second.outcome === 'succeeded' && isSameResult(asked.kind, first.evidence, second.evidence),
        `after the kill attempt 2 was answered otherwise: ${JSON.stringify(second)}, first ${JSON.stringify(first)}`,
      );
      await stage.unchanged(tenant, before, 'attempt 2 after the kill');
    },
  },
  {
    id: 'sigterm',
    kind: 'process',
    needs: [],
    expects:
      'SIGTERM in the middle of its work ends it with status 0 within 30 s; started again, it finishes what was left',
    said: 'Nothing stops: any process can be ended, and all work resumes by itself',
    async run(stage) {
      const asked = await Promise.all(
        Array.from({ length: 6 }, () => stage.ask(stage.tenant(), stage.firstKind)),
      );
      await new Promise((resolve) =>
        setTimeout(resolve, stage.random.next() * stage.usualMs(stage.firstKind)),
      );
      const status = await stage.process.terminate(SIGTERM_PATIENCE_MS);
      stage.note(`terminated: status ${status ?? 'none, killed'}`);
      await stage.setting.start();
      for (const one of asked) await stage.finishes(one);
      stage.check(
        status !== undefined,
        `it had not ended ${SIGTERM_PATIENCE_MS} ms after SIGTERM (where the command is more than one program, "exec" the last)`,
      );
      stage.check(status === 0, `it ended with status ${status} after SIGTERM`);
    },
  },
  {
    id: 'asked-while-down',
    kind: 'process',
    needs: [],
    expects:
      'what it is asked while it is down is carried out and answered when it is up again, the newest generation alone where there are more',
    said: 'Faults: data plane down; Consumer: a group goes on where it was',
    async run(stage) {
      await stage.process.terminate(SIGTERM_PATIENCE_MS);
      const tenant = stage.tenant();
      const life = stage.lifeOfATenant.filter((kind) => kind !== 'purge');
      const asked = life.map((kind) => tenant.ask(kind));
      await stage.send(...asked);
      await stage.setting.start();
      await stage.finishes(asked.at(-1)!);
      if (life.at(-1) === 'reactivate') await stage.becomes(tenant, 'active');
    },
  },
  {
    id: 'restart-is-quiet',
    kind: 'process',
    needs: [],
    expects: 'ended and started with nothing left to do, it acknowledges nothing',
    said: 'Consumer: an acknowledgement is an answer to a request',
    async run(stage) {
      const tenant = stage.tenant();
      const asked = await stage.ask(tenant, stage.firstKind);
      await stage.succeeds(asked);
      await stage.quiet(tenant);
      const answers = stage.answersTo(asked).length;
      await stage.process.terminate(SIGTERM_PATIENCE_MS);
      await stage.setting.start();
      await stage.quiet(tenant);
      const more = stage.answersTo(asked).slice(answers);
      stage.check(more.length === 0, `nobody asked, and it said ${JSON.stringify(more[0])}`);
    },
  },
];
