import { isolationStage, type IsolationStage, type StageOptions } from './isolation-stage.js';
import { runProbes, type ProbeOptions, type ProbeReport } from './run-probes.js';

export interface IsolationSuite extends StageOptions, Omit<ProbeOptions, 'through'> {
  /** A pooler in transaction mode: gives the URL that goes through it. Asked when the tests run. */
  readonly pooler?: () => Promise<(url: string) => string>;
}

/** What is used of a test runner; Jest's globals fit. */
export interface IsolationTestFunctions {
  readonly beforeAll: (begin: () => Promise<void>, timeoutMs?: number) => void;
  readonly it: (name: string, test: () => Promise<void> | void, timeoutMs?: number) => void;
  readonly afterAll: (end: () => Promise<void>, timeoutMs?: number) => void;
}

const PATIENCE_MS = 10 * 60_000;

/**
 * Registers the isolation tests of a service, for Jest or a runner with the same globals: its tables are made in a database of their own on
 * the server of TEST_DATABASE_URL, with two tenants of each model, and each is probed.
 */
export function isolationCases(
  { pooler, ...options }: IsolationSuite,
  runner = globalThis as unknown as IsolationTestFunctions,
): void {
  let stage: IsolationStage | undefined;
  let report: ProbeReport | undefined;
  runner.beforeAll(async () => {
    stage = await isolationStage(options);
    report = await runProbes(stage, { ...options, through: await pooler?.() });
  }, PATIENCE_MS);
  runner.afterAll(async () => stage?.drop(), PATIENCE_MS);
  const nothing = (what: string, found: (report: ProbeReport) => number): void =>
    runner.it(`no tenant ${what} what is another's`, () => {
      if (!report || report.probes === 0) throw new Error('nothing was probed');
      if (found(report) > 0) throw new Error(describe(report));
    });
  nothing('reads', ({ rows }) => rows);
  nothing('writes', ({ writes }) => writes);
  runner.it('every attempt was a real one, and ended as it should', () => {
    if (!report || report.findings.length > 0)
      throw new Error(report ? describe(report) : 'nothing was probed');
  });
}

function describe({ probes, seed, findings }: ProbeReport): string {
  return [`${findings.length} findings in ${probes} probes (seed ${seed}):`, ...findings].join('\n');
}
