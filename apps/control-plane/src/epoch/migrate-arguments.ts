/** What `main.migrate` was asked for beside migrating. */
export interface MigrateArguments {
  /** Whether the epoch is to be raised: the database was restored to an earlier point. */
  readonly raiseEpoch: boolean;
  /** Which epoch it is to be; unless told, the next one. */
  readonly epoch?: number;
}

/** Reads the command line. @throws RangeError for anything but `--raise-epoch` and `--raise-epoch=<number>`. */
export function migrateArguments(args: readonly string[]): MigrateArguments {
  let parsed: MigrateArguments = { raiseEpoch: false };
  for (const arg of args) {
    const epoch = /^--raise-epoch(?:=(\d{1,7}))?$/.exec(arg);
    if (!epoch) throw new RangeError(`Unknown argument ${arg}; there is --raise-epoch[=number].`);
    parsed = { raiseEpoch: true, ...(epoch[1] !== undefined && { epoch: Number(epoch[1]) }) };
  }
  return parsed;
}
