import { AsyncLocalStorage } from 'node:async_hooks';
import { DryRunNotes } from './dry-run-notes.js';

/**
 * A request that is to be tried, not done: every unit of work runs in its real transaction, says what it would have
 * changed, and is rolled back.
 */
export class DryRun {
  /** Of all units of work that came to their end. */
  readonly notes = new DryRunNotes();
  private units = 0;
  private apart = false;

  /**
   * Runs one unit of work; what it notes counts only when it ends well, as what it writes would.
   * @throws Error for a second one outside of {@link inUnitsApart}.
   */
  async unit<T>(work: (notes: DryRunNotes) => Promise<T>): Promise<T> {
    this.units += 1;
    if (this.units > 1 && !this.apart) {
      throw new Error(
        'a dry run cannot show a command of several transactions: the second would not see what the first has written',
      );
    }
    const notes = new DryRunNotes();
    const result = await work(notes);
    this.notes.add(notes);
    return result;
  }

  /** Declares that the units of work of this request don't build on each other, such as the items of a bulk action. */
  inUnitsApart(): void {
    this.apart = true;
  }
}

const dryRuns = new AsyncLocalStorage<DryRun>();

/** Runs the rest of a request as a dry run. */
export function asDryRun<T>(dryRun: DryRun, work: () => Promise<T>): Promise<T> {
  return dryRuns.run(dryRun, work);
}

/**
 * The dry run that is being served; `undefined` when it is meant. Whatever has an effect outside of the transaction
 * (a signal, a secret that is shown) asks here first.
 */
export function currentDryRun(): DryRun | undefined {
  return dryRuns.getStore();
}
