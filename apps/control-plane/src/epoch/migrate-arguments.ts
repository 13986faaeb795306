/** What `main.migrate` was asked for beside migrating. */
export interface MigrateArguments {
  /** Whether the epoch is to be raised: the database was restored to an earlier point. */
  readonly raiseEpoch: boolean;
  /** Which epoch it is to be; unless told, the next one. */
  readonly epoch?: number;
  /** Whether the database was moved, with everything in it, while no process ran. */
  readonly moved: boolean;
}

/**
 * Reads the command line.
 * @throws RangeError for anything but `--raise-epoch`, `--raise-epoch=<number>` and `--moved`, and for both at once.
 */
export function migrateArguments(args: readonly string[]): MigrateArguments {
  let parsed: MigrateArguments = { raiseEpoch: false, moved: false };
  for (const arg of args) {
    const epoch = /^--raise-epoch(?:=(\d{1,7}))?$/.exec(arg);
    if (epoch)
      parsed = { ...parsed, raiseEpoch: true, ...(epoch[1] !== undefined && { epoch: Number(epoch[1]) }) };
    else if (arg === '--moved') parsed = { ...parsed, moved: true };
    else throw new RangeError(`Unknown argument ${arg}; there are --raise-epoch[=number] and --moved.`);
  }
  if (parsed.raiseEpoch && parsed.moved)
    throw new RangeError(
      'A database was either restored (--raise-epoch) or moved with everything in it (--moved).',
    );
  return parsed;
}
