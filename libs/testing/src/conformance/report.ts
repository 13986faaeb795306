import type { ConformanceCase } from './conformance-case.js';

/** `not-applicable`: the participant does not offer what the case is about. `not-run`: it would have to be run, and could not be. */
export type Outcome = 'passed' | 'failed' | 'not-run' | 'not-applicable';

export interface CaseResult {
  readonly id: string;
  readonly expects: string;
  readonly said: string;
  readonly outcome: Outcome;
  /** Why it failed, or was not run. */
  readonly reason?: string;
  /** What was said about the case's tenants, where it failed. */
  readonly conversation?: readonly string[];
  readonly durationMs: number;
}

export interface ConformanceReport {
  readonly participant: string;
  readonly transport: 'kafka' | 'embedded';
  /** Repeats this run's delays and orders. */
  readonly seed: number;
  /** Whether effects were looked at, or acknowledgements alone. */
  readonly probed: boolean;
  readonly results: readonly CaseResult[];
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Whether every case that must pass has passed. */
  readonly ok: boolean;
  readonly durationMs: number;
}

const MARKS: Readonly<Record<Outcome, string>> = {
  passed: 'ok      ',
  failed: 'FAIL    ',
  'not-run': 'NOT RUN ',
  'not-applicable': 'n/a     ',
};
const SHOWN_LINES = 25;

/** Builds a result from a case. */
export function resultOf(
  { id, expects, said }: ConformanceCase,
  rest: Omit<CaseResult, 'id' | 'expects' | 'said'>,
): CaseResult {
  return { id, expects, said, ...rest };
}

export function countsOf(results: readonly CaseResult[]): Record<Outcome, number> {
  const counts = { passed: 0, failed: 0, 'not-run': 0, 'not-applicable': 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}

/** One result as people read it. */
export function resultLine({ id, outcome, durationMs, reason }: CaseResult): string {
  const time = outcome === 'passed' || outcome === 'failed' ? ` (${(durationMs / 1000).toFixed(1)} s)` : '';
  const why = outcome === 'not-run' || outcome === 'not-applicable' ? `: ${reason}` : '';
  return `${MARKS[outcome]}${id}${time}${why}`;
}

/**
 * The whole report as people read it.
 *
 * @param options `listed`: the cases have been shown one by one already. Default: no.
 */
export function humanReport(report: ConformanceReport, { listed = false } = {}): string {
  const { participant, transport, results, counts, seed, probed, ok, durationMs } = report;
  const lines = listed ? [] : results.map(resultLine);
  for (const result of results.filter(({ outcome }) => outcome === 'failed')) {
    lines.push('', `FAIL ${result.id}`, `  expected: ${result.expects}`, `  said in:  ${result.said}`);
    lines.push(`  found:    ${(result.reason ?? '').replaceAll('\n', '\n            ')}`);
    const conversation = result.conversation ?? [];
    if (conversation.length > 0)
      lines.push('  what was said (-> by the kit, <- by the participant, in seconds):');
    lines.push(...conversation.slice(-SHOWN_LINES).map((line) => `    ${line}`));
  }
  lines.push('');
  if (!probed)
    lines.push(
      'Without a probe: what was acknowledged is checked, not what became of the tenants in the service.',
    );
  const notRun = results.filter(({ outcome }) => outcome === 'not-run').map(({ id }) => id);
  if (notRun.length > 0) lines.push(`Not run: ${notRun.join(', ')}.`);
  lines.push(
    `${participant} on ${transport}: ${ok ? 'conforms' : 'does not conform, or was not tested enough'}; seed ${seed}, ${(durationMs / 1000).toFixed(0)} s`,
    `${counts.passed} passed, ${counts.failed} failed, ${counts['not-run']} not run, ${counts['not-applicable']} not applicable`,
  );
  return lines.join('\n');
}

/** The report as CI systems read it. */
export function junitReport({
  participant,
  transport,
  results,
  counts,
  durationMs,
}: ConformanceReport): string {
  const cases = results.map(({ id, outcome, reason, expects, conversation, durationMs: ms }) => {
    const open = `    <testcase classname="${xml(participant)}.${transport}" name="${xml(id)}" time="${seconds(ms)}">`;
    if (outcome === 'passed') return `${open}</testcase>`;
    const inner =
      outcome === 'failed'
        ? `<failure message="${xml(reason ?? '')}">${xml([`expected: ${expects}`, ...(conversation ?? [])].join('\n'))}</failure>`
        : `<skipped message="${xml(reason ?? '')}"/>`;
    return `${open}${inner}</testcase>`;
  });
  const skipped = counts['not-run'] + counts['not-applicable'];
  const totals = `tests="${results.length}" failures="${counts.failed}" skipped="${skipped}" time="${seconds(durationMs)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${totals}>`,
    `  <testsuite name="tenantry-conformance ${xml(participant)} ${transport}" ${totals}>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
};

/** What XML 1.0 cannot hold becomes U+FFFD. */
function xml(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"\n]/g, (character) => ENTITIES[character] ?? character);
}
