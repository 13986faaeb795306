import type { SqlMigration } from './sql-migration.js';

/** A statement that may take something away from, or refuse something to, processes that know the schema as it was before. */
export interface Contraction {
  /** What about it, in words. */
  readonly what: string;
  /** The statement, shortened. */
  readonly statement: string;
}

interface Rule {
  readonly what: string;
  readonly pattern: RegExp;
  /** Whether it is harmless for what this migration itself has made. */
  readonly ofExisting?: boolean;
}

const RULES: readonly Rule[] = [
  {
    what: 'drops',
    pattern: /\bDROP\s+(?!DEFAULT|NOT\s+NULL|IDENTITY|EXPRESSION)(?:\w+\s+)*/i,
    ofExisting: true,
  },
  { what: 'renames', pattern: /\bRENAME\b/i },
  { what: 'moves to another schema', pattern: /^ALTER\s.*\bSET\s+SCHEMA\b/is },
  {
    what: 'changes a type',
    pattern: /\bALTER\s+(?:COLUMN\s+)?\S+\s+(?:SET\s+DATA\s+)?TYPE\b/i,
    ofExisting: true,
  },
  { what: 'makes a column required', pattern: /\bSET\s+NOT\s+NULL\b/i, ofExisting: true },
  {
    what: 'adds a required column without a default',
    pattern:
      /\bADD\s+COLUMN\b(?:(?!\bADD\s+COLUMN\b|\bDEFAULT\b|\bGENERATED\b).)*\bNOT\s+NULL\b(?!(?:(?!\bADD\b).)*\bDEFAULT\b)/is,
    ofExisting: true,
  },
  { what: 'adds a constraint', pattern: /\bADD\s+CONSTRAINT\b/i, ofExisting: true },
  { what: 'makes values unique', pattern: /^CREATE\s+UNIQUE\s+INDEX\b/i, ofExisting: true },
  { what: 'takes rights away', pattern: /^REVOKE\b/i, ofExisting: true },
  { what: 'removes rows', pattern: /^(?:TRUNCATE|DELETE)\b/i, ofExisting: true },
  {
    what: 'switches row security on',
    pattern: /\b(?:ENABLE|FORCE)\s+ROW\s+LEVEL\s+SECURITY\b/i,
    ofExisting: true,
  },
];

const MADE =
  /\bCREATE\s+(?:OR\s+REPLACE\s+)?(?:UNLOGGED\s+)?(?:TABLE|FUNCTION|SEQUENCE|VIEW|SCHEMA|TYPE)\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w."]+)/gi;

/**
 * What a migration takes away. Read from its text alone, so it errs on the side of naming too much: statements about what the same
 * migration has made are passed over, and so are the bodies of functions; those of DO blocks are not.
 */
export function contractionsOf(sql: string): Contraction[] {
  const text = withoutComments(sql);
  const made = new Set([...outsideBodies(text).matchAll(MADE)].map(([, name = '']) => name.toLowerCase()));
  return statementsOf(text).flatMap((statement) =>
    RULES.filter(
      ({ pattern, ofExisting }) => pattern.test(statement) && !(ofExisting && isAbout(statement, made)),
    ).map(({ what }) => ({ what, statement: statement.replaceAll(/\s+/g, ' ').slice(0, 120) })),
  );
}

/**
 * What is wrong with these migrations as far as that goes, a line each: those that take something away and do not say so (`contracts`), and
 * those that say so and do not.
 */
export function unmarkedContractions(migrations: readonly SqlMigration[]): string[] {
  return migrations.flatMap(({ name, sql, contracts }) => {
    const found = contractionsOf(sql);
    if (contracts !== undefined)
      return found.length === 0 ? [`${name} is said to take something away, and does not`] : [];
    return found.map(({ what, statement }) => `${name} ${what}: ${statement}`);
  });
}

function withoutComments(sql: string): string {
  return sql.replaceAll(/--.*$/gm, '').replaceAll(/\/\*.*?\*\//gs, '');
}

/** What is run when the migration is: everything but the bodies of functions and literal texts. */
function outsideBodies(sql: string): string {
  return sql
    .replaceAll(
      /(\bDO\s*)\$(\w*)\$(.*?)\$\2\$/gis,
      (_, before: string, _tag, body: string) => `${before};${body};`,
    )
    .replaceAll(/\$(\w*)\$.*?\$\1\$/gs, "''")
    .replaceAll(/'(?:[^']|'')*'/g, "''");
}

function statementsOf(sql: string): string[] {
  return outsideBodies(sql)
    .split(';')
    .map((statement) => statement.trim().replace(/^(?:BEGIN|THEN|ELSE|LOOP)\s+/i, ''))
    .filter((statement) => statement !== '');
}

function isAbout(statement: string, made: ReadonlySet<string>): boolean {
  return [...statement.matchAll(/[\w."]+/g)].some(([name]) => made.has(name.toLowerCase()));
}
