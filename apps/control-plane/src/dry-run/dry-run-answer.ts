import type { AskedParticipant, DryRunNotes, PlannedChange, PlannedPlace } from './dry-run-notes.js';

/** Stands for every id that the real call would make up: the one of the dry run leads nowhere. */
export const NIL_ID = '00000000-0000-0000-0000-000000000000';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** What a dry run is answered with. */
export interface DryRunAnswer {
  readonly dryRun: true;
  readonly changes: readonly PlannedChange[];
  readonly participants: readonly AskedParticipant[];
  readonly tenants: number;
  readonly irreversible: readonly string[];
  /** Where the tenant would go; of a creation alone. */
  readonly placement?: PlannedPlace | undefined;
  /** The body of the real answer; absent where that has none. */
  readonly result?: unknown;
}

/** Puts together what was noted and what the handler came to, without the ids that were made up meanwhile. */
export function dryRunAnswer(notes: DryRunNotes, result: unknown): DryRunAnswer {
  const { changes, participants, tenants, irreversibles, placement } = notes;
  const answer: DryRunAnswer = {
    dryRun: true,
    changes,
    participants,
    tenants,
    irreversible: irreversibles,
    placement,
    result,
  };
  const text = JSON.stringify(answer).replaceAll(UUID, (id) => (notes.isMadeUp(id) ? NIL_ID : id));
  return JSON.parse(text) as DryRunAnswer;
}
