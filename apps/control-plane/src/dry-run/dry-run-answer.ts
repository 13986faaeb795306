import type { AskedParticipant, DryRunNotes, PlannedChange } from './dry-run-notes.js';

/** Stands for every id that the real call would make up: the one of the dry run leads nowhere. */
export const NIL_ID = '00000000-0000-0000-0000-000000000000';

/** What a dry run is answered with. */
export interface DryRunAnswer {
  readonly dryRun: true;
  readonly changes: readonly PlannedChange[];
  readonly participants: readonly AskedParticipant[];
  readonly tenants: number;
  readonly irreversible: readonly string[];
  /** The body of the real answer; absent where that has none. */
  readonly result?: unknown;
}

/** Puts together what was noted and what the handler came to, without the ids that were made up meanwhile. */
export function dryRunAnswer(notes: DryRunNotes, result: unknown): DryRunAnswer {
  const { changes, participants, tenants, irreversibles } = notes;
  const answer: DryRunAnswer = {
    dryRun: true,
    changes,
    participants,
    tenants,
    irreversible: irreversibles,
    result,
  };
  const text = notes.madeUpIds.reduce((json, id) => json.replaceAll(id, NIL_ID), JSON.stringify(answer));
  return JSON.parse(text) as DryRunAnswer;
}
