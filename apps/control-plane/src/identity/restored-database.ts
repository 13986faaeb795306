/** What a process ends with that is started on a restored database. */
export const RESTORED_DATABASE_EXIT_CODE = 79;

/** The database was restored, so what it would give out is older than what services have seen. Only a person can say how to go on. */
export class RestoredDatabase extends Error {
  /** What the process ends with. */
  readonly exitCode = RESTORED_DATABASE_EXIT_CODE;

  /** @param why how that is known, as the end of a sentence. */
  constructor(readonly why: string) {
    super(
      `The control plane does not work on a restored database: ${why}. Run main.migrate --raise-epoch, and start again. ` +
        'Only if nothing was committed to the old one since (it was moved while no process ran): main.migrate --moved.',
    );
    this.name = 'RestoredDatabase';
  }
}
