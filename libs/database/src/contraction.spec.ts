import { describe, expect, it } from '@jest/globals';
import { contractionsOf, unmarkedContractions } from './contraction.js';

const found = (sql: string): string[] => contractionsOf(sql).map(({ what }) => what);

describe('what a migration takes away', () => {
  it.each([
    ['DROP TABLE a', 'drops'],
    ['ALTER TABLE a DROP COLUMN b', 'drops'],
    ['ALTER TABLE a DROP CONSTRAINT b', 'drops'],
    ['DROP FUNCTION IF EXISTS f(int)', 'drops'],
    ['ALTER TABLE a RENAME COLUMN b TO c', 'renames'],
    ['ALTER TABLE a SET SCHEMA b', 'moves to another schema'],
    ['ALTER TABLE a ALTER COLUMN b TYPE bigint', 'changes a type'],
    ['ALTER TABLE a ALTER b SET DATA TYPE bigint', 'changes a type'],
    ['ALTER TABLE a ALTER COLUMN b SET NOT NULL', 'makes a column required'],
    ['ALTER TABLE a ADD COLUMN b int NOT NULL', 'adds a required column without a default'],
    [
      'ALTER TABLE a ADD COLUMN b int DEFAULT 1 NOT NULL, ADD COLUMN c int NOT NULL',
      'adds a required column without a default',
    ],
    ['ALTER TABLE a ADD CONSTRAINT b CHECK (c > 0)', 'adds a constraint'],
    ['CREATE UNIQUE INDEX a ON b (c)', 'makes values unique'],
    ['REVOKE SELECT ON a FROM b', 'takes rights away'],
    ['DELETE FROM a', 'removes rows'],
    ['TRUNCATE a', 'removes rows'],
    ['ALTER TABLE a ENABLE ROW LEVEL SECURITY', 'switches row security on'],
    ['DO $$ BEGIN IF true THEN ALTER TABLE a DROP COLUMN b; END IF; END $$', 'drops'],
    ['SELECT 1; -- harmless\nDROP VIEW a', 'drops'],
  ])('%s', (sql, what) => {
    expect(found(sql)).toEqual([what]);
  });

  it.each([
    'CREATE TABLE a (b int NOT NULL, CONSTRAINT c CHECK (b > 0)); CREATE UNIQUE INDEX d ON a (b); ALTER TABLE a FORCE ROW LEVEL SECURITY; REVOKE ALL ON a FROM PUBLIC',
    'ALTER TABLE a ADD COLUMN b int',
    'ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 1',
    'ALTER TABLE a ADD COLUMN b int DEFAULT 1 NOT NULL',
    'ALTER TABLE a ADD COLUMN b bigint GENERATED ALWAYS AS IDENTITY NOT NULL',
    'ALTER TABLE a ALTER COLUMN b DROP NOT NULL, ALTER COLUMN c DROP DEFAULT',
    'CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM a; DROP TABLE b $$',
    "COMMENT ON TABLE a IS 'DROP TABLE; RENAME it'",
    '-- DROP TABLE a',
    'CREATE INDEX a ON b (c); GRANT SELECT ON a TO b; UPDATE a SET b = 1',
  ])('nothing: %s', (sql) => {
    expect(contractionsOf(sql)).toEqual([]);
  });
});

describe('migrations', () => {
  it('that take something away have to say so, and the others not', () => {
    expect(
      unmarkedContractions([
        { name: '1', sql: 'DROP TABLE a' },
        { name: '2', sql: 'DROP TABLE a', contracts: 'nobody reads it since 0.2.0' },
        { name: '3', sql: 'CREATE TABLE b ()', contracts: 'nothing' },
        { name: '4', sql: 'CREATE TABLE c ()' },
      ]),
    ).toEqual(['1 drops: DROP TABLE a', '3 is said to take something away, and does not']);
  });
});
