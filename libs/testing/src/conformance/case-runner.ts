import { setTimeout as pause } from 'node:timers/promises';
import type { ConformanceCase, CrashCase, ObservedCase } from './conformance-case.js';
import type { Asked } from './played-tenant.js';
import { resultOf, type CaseResult } from './report.js';
import { Stage, type Setting } from './stage.js';

/** Cases about single tenants run beside each other, as tenants do. */
const AT_ONCE = 6;
const TENANTS_PER_KILL = 2;
const SHOWN_PROBLEMS = 5;
const DEATH_POLL_MS = 250;

type Report = (result: CaseResult) => void;
type Of<K extends ConformanceCase['kind']> = Extract<ConformanceCase, { kind: K }>;

/** Runs what can be run, in an order in which no case disturbs another, and reports everything. */
export async function runCases(
  cases: readonly ConformanceCase[],
  setting: Setting,
  report: Report,
): Promise<void> {
  const runnable = cases.filter((one) => {
    const reason = whyNot(one, setting);
    if (reason) report(resultOf(one, { ...reason, durationMs: 0 }));
    return !reason;
  });
  const of = <K extends ConformanceCase['kind']>(kind: K) =>
    runnable.filter((one): one is Of<K> => one.kind === kind);

  const waiting = [...of('tenant')];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) report(await runOne(next, setting));
    }),
  );
  for (const one of of('alone')) report(await runOne(one, setting));
  for (const result of await runCrashes(of('crash'), setting)) report(result);
  for (const one of of('process')) report(await runOne(one, setting));
  for (const one of of('observed')) report(await judge(one, setting));
}

function whyNot(
  { kind, needs, transport }: ConformanceCase,
  { capabilities, process, wire }: Setting,
): Pick<CaseResult, 'outcome' | 'reason'> | undefined {
  const lacking = needs.filter((need) => !capabilities.includes(need));
  if (lacking.length > 0)
    return { outcome: 'not-applicable', reason: `the participant does not offer ${lacking.join(', ')}` };
  if (transport !== undefined && transport !== wire.transport)
    return { outcome: 'not-applicable', reason: `only on ${transport}` };
  if ((kind === 'crash' || kind === 'process') && !process)
    return { outcome: 'not-run', reason: 'needs --command, to start and kill the participant' };
  return undefined;
}

async function runOne(one: Of<'tenant' | 'alone' | 'process'>, setting: Setting): Promise<CaseResult> {
  const stage = new Stage(setting, one.id);
  return timed(one, stage, setting, () => one.run(stage));
}

/** All crash cases share the kills: what is under way for each of them is interrupted at the same moment. */
async function runCrashes(cases: readonly CrashCase[], setting: Setting): Promise<CaseResult[]> {
  const stages = new Map(cases.map((one) => [one, new Stage(setting, one.id)]));
  const failures = new Map<CrashCase, unknown>();
  const startedAt = performance.now();
  const attempt = async (one: CrashCase, work: () => Promise<void>): Promise<void> => {
    if (!failures.has(one)) await work().catch((error: unknown) => failures.set(one, error));
  };
  for (let kill = 0; kill < setting.settings.kills && failures.size < cases.length; kill++)
    await killOnce(kill, stages, setting, attempt);
  const durationMs = performance.now() - startedAt;
  return [...stages].map(([one, stage]) =>
    failures.has(one)
      ? resultOf(one, { ...failed(failures.get(one), stage), durationMs })
      : resultOf(one, { outcome: 'passed', durationMs }),
  );
}

async function killOnce(
  kill: number,
  stages: ReadonlyMap<CrashCase, Stage>,
  setting: Setting,
  attempt: (one: CrashCase, work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const [firstStage] = stages.values();
  if (!firstStage) return;
  const underWay = new Map<CrashCase, Asked[]>();
  await ensureRunning(setting);
  await inParallel(stages, (one, stage) =>
    attempt(one, async () => {
      const tenants = await Promise.all(Array.from({ length: TENANTS_PER_KILL }, () => one.prepare(stage)));
      underWay.set(
        one,
        tenants.map((tenant) => tenant.ask(one.asks)),
      );
    }),
  );
  await inParallel(stages, (one, stage) =>
    attempt(one, async () => {
      for (const asked of underWay.get(one) ?? []) await stage.send(asked);
    }),
  );
  // At random, but spread over all of the work: each kill has its own part of the time that the work takes, and a little more.
  const part = (kill + firstStage.random.next()) / setting.settings.kills;
  await pause(part * 1.5 * firstStage.usualMs(firstStage.firstKind));
  await setting.process?.kill();
  for (const stage of stages.values()) stage.note('killed');
  await setting.start();
  for (const stage of stages.values()) stage.note('started again');
  await inParallel(stages, (one, stage) =>
    attempt(one, async () => {
      for (const asked of underWay.get(one) ?? []) {
        await stage.finishes(asked);
        await stage.becomes(asked.tenant, ...one.becomes);
      }
      // All of that may have been answered before the kill, and the participant still be waiting for the session of its dead
      // predecessor to end: what comes next is to find it at work.
      await stage.finishes(await stage.ask(stage.tenant(), stage.firstKind));
    }),
  );
}

async function inParallel(
  stages: ReadonlyMap<CrashCase, Stage>,
  work: (one: CrashCase, stage: Stage) => Promise<void>,
): Promise<void> {
  await Promise.all([...stages].map(([one, stage]) => work(one, stage)));
}

async function judge(one: ObservedCase, setting: Setting): Promise<CaseResult> {
  const startedAt = performance.now();
  const problems = await one.judge({ transcript: setting.transcript, setting });
  const durationMs = performance.now() - startedAt;
  if (problems.length === 0) return resultOf(one, { outcome: 'passed', durationMs });
  const more = problems.length > SHOWN_PROBLEMS ? [`… and ${problems.length - SHOWN_PROBLEMS} more`] : [];
  const reason = [...problems.slice(0, SHOWN_PROBLEMS), ...more].join('\n');
  return resultOf(one, { outcome: 'failed', reason, durationMs });
}

async function timed(
  one: ConformanceCase,
  stage: Stage,
  setting: Setting,
  work: () => Promise<void>,
): Promise<CaseResult> {
  const startedAt = performance.now();
  const deaths = setting.process?.endedByItself.length ?? 0;
  try {
    await ensureRunning(setting);
    await work();
    const death = setting.process?.endedByItself[deaths];
    if (death !== undefined) throw new Error(death);
    return resultOf(one, { outcome: 'passed', durationMs: performance.now() - startedAt });
  } catch (error) {
    const durationMs = performance.now() - startedAt;
    if (one.kind === 'alone' && deaths < (setting.process?.endedByItself.length ?? 0)) await outlive(stage);
    return resultOf(one, { ...failed(error, stage), durationMs });
  }
}

/** What it has died of is delivered again: lets it die of that as often as it must, so that the next case has a fair start. */
async function outlive({ setting, tenants: [poisoned] }: Stage): Promise<void> {
  if (!poisoned) return;
  const stage = new Stage(setting, 'outlive');
  const deadline = performance.now() + setting.settings.recoveryMs;
  const asked = await stage.ask(poisoned, stage.firstKind);
  while (stage.answersTo(asked).length === 0 && performance.now() < deadline) {
    // One that cannot even be started will be reported by the next case.
    await ensureRunning(setting).catch(() => undefined);
    await setting.transcript.until(() => stage.answersTo(asked)[0], DEATH_POLL_MS);
  }
}

function failed(error: unknown, stage: Stage): Pick<CaseResult, 'outcome' | 'reason' | 'conversation'> {
  const conversation = stage.tenants.flatMap(({ id }) => {
    const lines = stage.setting.transcript.linesOf(id);
    return lines.length > 0 ? [`tenant ${id}`, ...lines.map((line) => `  ${line}`)] : [];
  });
  return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error), conversation };
}

const starting = new WeakMap<Setting, Promise<void>>();

/** One that has ended by itself is started again for the next case; cases that run beside each other start it once. */
async function ensureRunning(setting: Setting): Promise<void> {
  if (!setting.process || setting.process.isRunning) return;
  let start = starting.get(setting);
  if (!start) {
    start = setting.start().finally(() => starting.delete(setting));
    starting.set(setting, start);
  }
  await start;
}
