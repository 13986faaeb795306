import { describe, expect, it } from '@jest/globals';
import { migrateArguments } from './migrate-arguments.js';

describe('the arguments of main.migrate', () => {
  it.each([
    [[], { raiseEpoch: false, moved: false }],
    [['--raise-epoch'], { raiseEpoch: true, moved: false }],
    [['--raise-epoch=12'], { raiseEpoch: true, epoch: 12, moved: false }],
    [['--moved'], { raiseEpoch: false, moved: true }],
  ])('%j', (args, parsed) => {
    expect(migrateArguments(args)).toEqual(parsed);
  });

  it.each([['--raise-epochs'], ['--raise-epoch='], ['--raise-epoch=x'], ['3']])('refuse %s', (arg) => {
    expect(() => migrateArguments([arg])).toThrow(arg);
  });

  it('are not both at once', () => {
    expect(() => migrateArguments(['--moved', '--raise-epoch=2'])).toThrow('either');
  });
});
