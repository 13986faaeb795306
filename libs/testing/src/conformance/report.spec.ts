import { describe, expect, it } from '@jest/globals';
import { countsIn } from './cases/purge.js';
import { SeededRandom } from './random.js';
import { countsOf, humanReport, junitReport, type CaseResult, type ConformanceReport } from './report.js';

const result = (id: string, rest: Partial<CaseResult>): CaseResult => ({
  id,
  expects: 'it does',
  said: 'Somewhere',
  outcome: 'passed',
  durationMs: 1_234,
  ...rest,
});

const results = [
  result('first', {}),
  result('second', { outcome: 'failed', reason: 'it said <"no"> & left\0', conversation: ['-> a', '<- b'] }),
  result('third', { outcome: 'not-run', reason: 'needs --command' }),
  result('fourth', { outcome: 'not-applicable', reason: 'only on kafka' }),
];
const report: ConformanceReport = {
  participant: 'billing',
  transport: 'embedded',
  seed: 42,
  probed: false,
  results,
  counts: countsOf(results),
  ok: false,
  durationMs: 5_000,
};

describe('a report', () => {
  it('tells people what failed, what was expected, what was said, and what was not run', () => {
    const text = humanReport(report);
    for (const part of [
      'ok      first (1.2 s)',
      'NOT RUN third: needs --command',
      'n/a     fourth: only on kafka',
      'expected: it does',
      'found:    it said <"no"> & left',
      '    <- b',
      'Without a probe',
      'Not run: third.',
      'does not conform',
      'seed 42',
    ])
      expect(text).toContain(part);
    expect(text.split('\n').at(-1)).toBe('1 passed, 1 failed, 1 not run, 1 not applicable');
  });

  it('is XML for CI systems, whatever was said', () => {
    const text = junitReport(report);
    expect(text).toContain('<testsuites tests="4" failures="1" skipped="2" time="5.000">');
    expect(text).toContain('<failure message="it said &lt;&quot;no&quot;&gt; &amp; left\uFFFD">');
    expect(text).toContain('<skipped message="only on kafka"/>');
  });
});

describe('a seed', () => {
  it('repeats the numbers of a case, whatever other cases have drawn', () => {
    const draw = (seed: number, id: string) => {
      const random = new SeededRandom(seed, id);
      return [random.next(), random.below(100), ...random.shuffled([1, 2, 3, 4, 5])];
    };
    expect(draw(1, 'burst')).toEqual(draw(1, 'burst'));
    expect(draw(1, 'burst')).not.toEqual(draw(2, 'burst'));
    expect(draw(1, 'burst')).not.toEqual(draw(1, 'gap'));
    expect(new SeededRandom(1, 'x').shuffled([1, 2, 3, 4, 5]).sort()).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('the counts in the evidence of a purge', () => {
  it('are found under names that end in before or after, at any depth', () => {
    expect(countsIn({ tables: { 'a.b': { rowsBefore: 3, rowsAfter: 0 } }, remains: { c: 1 } })).toEqual({
      before: [3],
      after: [0],
    });
    expect(countsIn({ before: { a: 1, b: 2 }, after: { a: 0 } })).toEqual({ before: [1, 2], after: [0] });
    expect(countsIn({ done: true, rows: 7 })).toEqual({ before: [], after: [] });
  });
});
