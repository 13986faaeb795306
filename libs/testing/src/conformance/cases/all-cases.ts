import type { ConformanceCase } from '../conformance-case.js';
import { ANSWER_CASES, REPEAT_CASES } from './answers.js';
import { HOSTILE_INPUT_CASES } from './hostile-input.js';
import { LOAD_CASES } from './load.js';
import { ORDER_CASES } from './order.js';
import { CRASH_CASES, PROCESS_CASES } from './process.js';
import { PURGE_CASES } from './purge.js';
import { OBSERVED_CASES } from './whole-run.js';

/** In the order of the report. */
export const ALL_CASES: readonly ConformanceCase[] = [
  ...ANSWER_CASES,
  ...PURGE_CASES,
  ...REPEAT_CASES,
  ...ORDER_CASES,
  ...HOSTILE_INPUT_CASES,
  ...LOAD_CASES,
  ...CRASH_CASES,
  ...PROCESS_CASES,
  ...OBSERVED_CASES,
];
