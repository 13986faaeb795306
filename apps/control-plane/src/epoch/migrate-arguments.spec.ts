import { describe, expect, it } from '@jest/globals';
import { migrateArguments } from './migrate-arguments.js';

describe('the arguments of main.migrate', () => {
  it.each([
    [[], { raiseEpoch: false }],
    [['--raise-epoch'], { raiseEpoch: true }],
    [['--raise-epoch=12'], { raiseEpoch: true, epoch: 12 }],
  ])('%j', (args, parsed) => {
    expect(migrateArguments(args)).toEqual(parsed);
  });

  it.each([['--raise-epochs'], ['--raise-epoch='], ['--raise-epoch=x'], ['3']])('refuse %s', (arg) => {
    expect(() => migrateArguments([arg])).toThrow(arg);
  });
});
