import { list } from './words.js';

/** A fact that a participant could not apply: it holds back the tenant's later facts there, and no state waits for it. */
export interface ParkedMark {
  /** Read it, and do something about it, at `/v1/parked/{id}`. */
  readonly id: string;
  readonly participant: string;
  readonly group: string;
  readonly tenantSeq: number;
  readonly eventType: string;
  readonly error: string;
  readonly since: string;
}

/** One sentence about them; none when there are none. */
export function parkedSentence(marks: readonly ParkedMark[]): string[] {
  if (marks.length === 0) return [];
  const groups = [...new Set(marks.map(({ group }) => group))];
  const hold = groups.length > 1 ? 'hold' : 'holds';
  return [`${list(groups)} ${hold} back facts of it after one that could not be applied; see parkedFacts.`];
}
