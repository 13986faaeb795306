import { ALL_CASES } from './cases/all-cases.js';
import type { ConformanceCase } from './conformance-case.js';
import { USUAL_CAPABILITIES, type ConformanceOptions } from './conformance-options.js';
import { selectedCases, runConformance } from './run-conformance.js';
import type { CaseResult } from './report.js';

/** What is only known when the tests run: addresses of what was started for them. */
export type PreparedOptions = Partial<
  Pick<ConformanceOptions, 'kafkaBrokers' | 'embeddedUrl' | 'topicPrefix' | 'env' | 'probe' | 'cwd'>
>;

export interface ConformanceSuite extends ConformanceOptions {
  /** Runs before everything else; what it gives is added to the options. */
  readonly prepare?: () => Promise<PreparedOptions>;
}

/** What is used of a test runner; Jest's globals fit. */
export interface TestFunctions {
  readonly it: {
    (name: string, test: () => Promise<void>, timeoutMs?: number): void;
    skip(name: string, test: () => Promise<void>): void;
  };
  readonly afterAll: (end: () => Promise<void>, timeoutMs?: number) => void;
}

const LONGEST_RUN_MS = 30 * 60_000;

/**
 * Registers one test per case, for Jest or a runner with the same globals. Cases about what the participant does not offer are left
 * out; those that cannot be run without a command are registered as skipped.
 */
export function conformanceCases(
  { prepare, ...options }: ConformanceSuite,
  runner = globalThis as unknown as TestFunctions,
): void {
  const results = new Map<string, PromiseWithResolvers<CaseResult>>();
  for (const { id } of ALL_CASES) {
    const result = Promise.withResolvers<CaseResult>();
    // Those that nobody asks for must not end the process when the run fails.
    result.promise.catch(() => undefined);
    results.set(id, result);
  }
  const capabilities = options.capabilities ?? USUAL_CAPABILITIES;
  let running: Promise<void> | undefined;
  const run = async (): Promise<void> => {
    try {
      const prepared = await prepare?.();
      await runConformance({ ...options, capabilities, ...prepared }, (result) =>
        results.get(result.id)?.resolve(result),
      );
    } catch (error) {
      for (const result of results.values()) result.reject(error);
    }
  };
  const applicable = selectedCases(options.cases).filter((one) => applies(one, capabilities, options));
  for (const one of applicable) {
    const name = `${one.id}: ${one.expects}`;
    if (options.command === undefined && (one.kind === 'crash' || one.kind === 'process'))
      runner.it.skip(`${name} (not run: needs a command)`, async () => undefined);
    else
      runner.it(
        name,
        async () => {
          running ??= run();
          const {
            outcome,
            reason,
            conversation = [],
          } = await (results.get(one.id)?.promise ?? running.then());
          if (outcome === 'failed') throw new Error([reason, ...conversation].join('\n'));
          if (outcome === 'not-run') throw new Error(`not run: ${reason}`);
        },
        LONGEST_RUN_MS,
      );
  }
  runner.afterAll(async () => running, LONGEST_RUN_MS);
}

function applies(
  { needs, transport }: ConformanceCase,
  capabilities: readonly string[],
  { embeddedUrl }: ConformanceOptions,
): boolean {
  return (
    needs.every((need) => capabilities.includes(need)) &&
    (transport === undefined || embeddedUrl === undefined)
  );
}
