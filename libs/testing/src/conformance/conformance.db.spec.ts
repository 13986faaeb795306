import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { testDatabase, type TestDatabase } from '../test-database.js';
import { ALL_CASES } from './cases/all-cases.js';
import { conformanceCases } from './conformance-cases.js';
import type { ConformanceOptions } from './conformance-options.js';
import { commandProbe, type Probe } from './probe.js';
import type { ConformanceReport } from './report.js';
import { runConformance } from './run-conformance.js';
import { ForeignTenants } from './wire.js';

const PARTICIPANT = path.join(import.meta.dirname, 'testing', 'example-participant.mjs');
const AT_ONCE = 3;
const MINUTES_MS = 60_000;

/** Everything in which an answer is waited for: when no answer can be understood, nothing of it works. */
const CONVERSATIONS = ALL_CASES.filter(({ kind }) => kind !== 'observed').map(({ id }) => id);
/** Nobody waits long for what never comes. */
const IMPATIENT = { timeoutMs: 500, recoveryMs: 1_000, startMs: 10_000 };
/** Spread evenly over how long the work usually takes, which a busy machine tells wrongly: enough for some to hit its middle. */
const SURELY = { kills: 8 };

/** With CONFORMANCE_WHOLE=1 every case meets every mistake, so that none fails for another's; else only those that must find it, and the talk that they look at. */
const WHOLE = process.env['CONFORMANCE_WHOLE'] === '1';
const TALK = ['provisions', 'suspends', 'purges', 'heartbeat', 'well-formed', 'only-what-was-asked'];

interface Mistake {
  /** These cases fail. */
  readonly fails: readonly string[];
  /** These fail when the order that the seed gives brings the mistake out. No other fails. */
  readonly mayFail?: readonly string[];
  readonly options?: Partial<ConformanceOptions>;
}

/** Each mistake of the example participant, and the cases that must find it; all others must pass. */
const MISTAKES: Readonly<Record<string, Mistake>> = {
  none: { fails: [], options: SURELY },
  'answers-without-doing': {
    fails: [
      'provisions',
      'suspends',
      'reactivates',
      'reactivates-what-is-not-there',
      'refuses-what-it-cannot-do',
      'purge-then-late-provision',
      'older-generation-of-a-finished-one',
      'shuffled-lifecycle',
      'large-numbers',
      'crash-while-provisioning',
      'crash-while-suspending',
      'asked-while-down',
    ],
  },
  'answers-before-doing': { fails: ['crash-while-provisioning'], options: SURELY },
  'repeats-effects': {
    fails: ['duplicate-delivery', 'higher-attempt', 'reordered-deliveries', 'crash-after-answer'],
  },
  'never-repeats': { fails: ['higher-attempt', 'lost-acknowledgement', 'crash-after-answer'] },
  'always-first-attempt': { fails: ['higher-attempt', 'lost-acknowledgement', 'crash-after-answer'] },
  'ignores-generation': {
    fails: ['older-generation', 'older-generation-of-a-finished-one', 'shuffled-lifecycle', 'large-numbers'],
  },
  'compares-text': { fails: ['large-numbers'] },
  'waits-in-gaps': {
    fails: ['gap', 'large-numbers', 'malformed-events'],
    mayFail: ['shuffled-lifecycle'],
  },
  resurrects: { fails: ['purge-then-late-provision'] },
  'retryable-for-ever': { fails: ['purge-then-late-provision'] },
  'purges-without-counts': { fails: ['purge-evidence'] },
  'hides-failures': { fails: ['refuses-what-it-cannot-do', 'purge-then-late-provision'] },
  'answers-others': { fails: ['ignores-requests-to-others', 'only-what-was-asked'] },
  'answers-facts': { fails: ['ignores-facts', 'only-what-was-asked'] },
  'crashes-on-malformed': { fails: ['malformed-events'] },
  'crashes-on-unknown': { fails: ['unknown-types'] },
  'crashes-on-broken-payloads': { fails: ['broken-payloads'] },
  'blocks-on-unknown': { fails: ['unknown-types'] },
  'stuck-after-crash': { fails: ['crash-while-provisioning'], options: SURELY },
  'forgets-on-crash': { fails: ['crash-after-answer'] },
  'repeats-at-start': { fails: ['restart-is-quiet'] },
  'dies-badly': { fails: ['sigterm'] },
  'undeclared-property': { fails: ['well-formed'] },
  'no-heartbeat': { fails: ['heartbeat'], options: { startMs: 3_000 } },
  'heartbeat-lacks-capability': { fails: ['heartbeat'] },
  'wrong-operation': { fails: [...CONVERSATIONS, 'only-what-was-asked'], options: IMPATIENT },
  'wrong-generation': {
    fails: [...CONVERSATIONS, 'only-what-was-asked', 'well-formed'],
    options: IMPATIENT,
  },
  'breaks-schema': { fails: [...CONVERSATIONS, 'well-formed'], options: IMPATIENT },
};

/** The example participant in a scratch database and folder of its own. */
class Rig {
  private constructor(
    readonly database: TestDatabase,
    readonly folder: string,
  ) {}

  static async make(): Promise<Rig> {
    return new Rig(await testDatabase(), await mkdtemp(path.join(tmpdir(), 'tenantry-example-')));
  }

  options(mistake = 'none'): ConformanceOptions {
    return {
      participant: 'example',
      embeddedUrl: this.database.adminUrl,
      command: `"${process.execPath}" "${PARTICIPANT}"`,
      env: { STATE_DIR: this.folder, FAULT: mistake },
      capabilities: ['provision', 'suspend', 'reactivate', 'purge'],
      probe: this.probe,
      timeoutMs: 5_000,
      recoveryMs: 30_000,
      quietMs: 300,
      burst: 20,
      kills: 1,
    };
  }

  readonly probe: Probe = async (tenantId) => {
    const known = await readFile(path.join(this.folder, `${tenantId}.json`), 'utf8').catch(() => undefined);
    const { state, effects, rows } = known ? JSON.parse(known) : { state: 'none', effects: 0, rows: [] };
    return { state, fingerprint: { effects, rows } };
  };

  async drop(): Promise<void> {
    await this.database.drop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** Undefined: all. */
function casesFor(mistake: string): readonly string[] | undefined {
  const { fails, mayFail = [] } = MISTAKES[mistake]!;
  return WHOLE || mistake === 'none' ? undefined : [...new Set([...TALK, ...fails, ...mayFail])];
}

async function judged(mistake: string): Promise<ConformanceReport> {
  const rig = await Rig.make();
  try {
    const { options } = MISTAKES[mistake]!;
    return await runConformance({ ...rig.options(mistake), ...options, cases: casesFor(mistake) });
  } finally {
    await rig.drop();
  }
}

describe('the conformance kit, of a participant that', () => {
  const reports = new Map<string, Promise<ConformanceReport>>();
  beforeAll(() => {
    const waiting = Object.keys(MISTAKES);
    const judges = new Map(waiting.map((mistake) => [mistake, Promise.withResolvers<ConformanceReport>()]));
    for (const [mistake, { promise }] of judges) {
      promise.catch(() => undefined);
      reports.set(mistake, promise);
    }
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next; next = waiting.shift())
        await judged(next).then(judges.get(next)!.resolve, judges.get(next)!.reject);
    };
    for (let worker = 0; worker < AT_ONCE; worker++) void work();
  });

  it.each(Object.entries(MISTAKES))(
    'makes the mistake "%s", fails the cases about it and no other',
    async (mistake, { fails, mayFail = [] }) => {
      const report = (await reports.get(mistake))!;
      const found = report.results.filter(({ id, outcome }) => outcome === 'failed' && !mayFail.includes(id));
      const applicable = report.results
        .filter(({ outcome }) => outcome !== 'not-applicable')
        .map(({ id }) => id);
      expect(
        found
          .map(({ id, reason }) => `${id}: ${reason}`)
          .filter((one) => !fails.includes(one.split(':')[0]!)),
      ).toEqual([]);
      // With the outcome of each, so that a case that was not run is told from one that found nothing.
      const expected = report.results.filter(({ id }) => fails.includes(id) && applicable.includes(id));
      expect(expected.map(({ id, outcome }) => `${id}: ${outcome}`).sort()).toEqual(
        expected.map(({ id }) => `${id}: failed`).sort(),
      );
      expect([report.ok, report.counts['not-run']]).toEqual([fails.length === 0, 0]);
      // Nothing is left out because it does not apply, except what this participant and this transport really lack.
      const lacking = ['verifies', 'structured-mode', 'crash-while-verifying'];
      const asked = casesFor(mistake) ?? ALL_CASES.map(({ id }) => id);
      expect(asked.filter((id) => !applicable.includes(id))).toEqual(
        asked.filter((id) => lacking.includes(id)),
      );
    },
    15 * MINUTES_MS,
  );
});

describe('the conformance kit', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.make();
  });
  afterAll(() => rig.drop());

  it('names what it cannot run without a command, and is not content', async () => {
    const processCases = ALL_CASES.filter(({ kind }) => kind === 'crash' || kind === 'process').map(
      ({ id }) => id,
    );
    const { command: _, ...options } = rig.options();
    const some = { ...options, cases: processCases, startMs: 200 };
    const report = await runConformance(some);
    expect(report.results.map(({ id, outcome }) => [id, outcome])).toEqual(
      processCases.map((id) => [id, id === 'crash-while-verifying' ? 'not-applicable' : 'not-run']),
    );
    expect(report.ok).toBe(false);
  });

  it('refuses a database with tenants that it did not make, and leaves it as it was', async () => {
    const control = await testDatabase();
    const { Client } = (await import('pg')).default;
    const client = new Client({ connectionString: control.adminUrl });
    await client.connect();
    try {
      await client.query('CREATE SCHEMA tenantry; CREATE TABLE tenantry.tenant (id uuid)');
      const asked = runConformance({ ...rig.options(), embeddedUrl: control.adminUrl });
      await expect(asked).rejects.toThrow(ForeignTenants);
      const { rows } = await client.query(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenantry%' UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'tenantry'::regnamespace",
      );
      expect(rows.map(({ nspname }) => nspname)).toEqual(['tenantry', 'tenant']);
    } finally {
      await client.end();
      await control.drop();
    }
  });

  it('runs again where it has run before, and not where others have been meanwhile', async () => {
    const options = {
      ...rig.options(),
      participant: 'returning',
      cases: ['provisions', 'well-formed'],
      probe: undefined,
    };
    const first = await runConformance(options);
    const second = await runConformance({ ...options, seed: first.seed });
    expect([first.ok, second.ok, second.probed]).toEqual([true, true, false]);
    const { Client } = (await import('pg')).default;
    const client = new Client({ connectionString: rig.database.adminUrl });
    await client.connect();
    try {
      const { rows } = await client.query(
        "SELECT rolname FROM pg_roles WHERE rolname LIKE 'conformance_returning_%'",
      );
      expect(rows).toEqual([]);
      await client.query(
        `INSERT INTO tenantry.tenant_event VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'tenant.updated.v1', now(), '{}')`,
      );
    } finally {
      await client.end();
    }
    await expect(runConformance(options)).rejects.toThrow(ForeignTenants);
    expect((await runConformance({ ...options, allowForeignTenants: true })).ok).toBe(true);
  });

  it('asks a command for what a tenant is', async () => {
    const probe = commandProbe(`test "$1" = "$TENANT_ID" && echo '{"state": "active", "fingerprint": 3}'`);
    expect(await probe('some-tenant')).toEqual({ state: 'active', fingerprint: 3 });
    await expect(commandProbe('echo perhaps')('x')).rejects.toThrow('one of none, active');
  });
});

describe('conformanceCases', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await Rig.make();
  });
  afterAll(() => rig.drop());

  it(
    'registers each case as a test of its own, without those that do not apply',
    async () => {
      const tests = new Map<string, () => Promise<void>>();
      const skipped: string[] = [];
      let end: () => Promise<void> = async () => undefined;
      const register = (name: string, test: () => Promise<void>): void =>
        void tests.set(name.split(':')[0]!, test);
      const runner = {
        it: Object.assign(register, { skip: (name: string) => void skipped.push(name.split(':')[0]!) }),
        afterAll: (last: () => Promise<void>) => void (end = last),
      };
      const { probe, env, embeddedUrl, ...known } = rig.options('purges-without-counts');
      conformanceCases(
        {
          ...known,
          embeddedUrl: 'postgres://known.later',
          cases: ['verifies', 'purges', 'purge-evidence', 'structured-mode', 'restart-is-quiet'],
          prepare: async () => ({ env, embeddedUrl, probe }),
        },
        runner,
      );
      expect(skipped).toEqual([]);
      expect([...tests.keys()]).toEqual(['purges', 'purge-evidence', 'restart-is-quiet']);
      await tests.get('purges')!();
      await expect(tests.get('purge-evidence')!()).rejects.toThrow('there are no counts of before and after');
      await tests.get('restart-is-quiet')!();
      await end();
    },
    MINUTES_MS,
  );
});
