import { describe, expect, it } from '@jest/globals';
import { endsTransaction } from './transaction-end.js';

describe('the end of a transaction', () => {
  it.each([
    ['COMMIT', 'COMMIT', 'I', true],
    ['COMMIT AND CHAIN', 'COMMIT', 'T', true],
    ['ROLLBACK', 'ROLLBACK', 'I', true],
    ['rollback and Chain', 'ROLLBACK', 'T', true],
    ['ROLLBACK /* to */ AND CHAIN -- to', 'ROLLBACK', 'T', true],
    [`PREPARE TRANSACTION 'x'`, 'PREPARE TRANSACTION', 'I', true],
    ['ROLLBACK TO SAVEPOINT a', 'ROLLBACK', 'T', false],
    ['ROLLBACK WORK TO a', 'ROLLBACK', 'T', false],
    [`SELECT 'chain'`, 'SELECT 1', 'T', false],
    ['PREPARE one AS SELECT 1', 'PREPARE', 'T', false],
  ] as const)('%s, answered with %s and %s: %s', (text, tag, status, ended) => {
    expect(endsTransaction({ text, tag }, status)).toBe(ended);
  });
});
