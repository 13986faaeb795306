import { escapeIdentifier, escapeLiteral } from 'pg';
import { qualifiedName, TENANT_COLUMN, type TenantTable } from './tenant-table.js';

export const VERBS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;
export type Verb = (typeof VERBS)[number];

/** A statement that reaches for one tenant's rows. What it returns names in `owner` whose rows it reached. */
export interface CrossingStatement {
  readonly verb: Verb;
  /** With `$1`, `$2`… for the values. */
  readonly text: string;
  readonly values: readonly (string | null)[];
}

/** A row as the superuser sees it, each column as text. */
export type SampleRow = Readonly<Record<string, string | null>>;

const OWNER = `${TENANT_COLUMN} AS owner`;

/**
 * The ways to reach for a tenant's rows in a table, by verb: plainly, and by what has hidden a condition from row security elsewhere
 * (joins, locks, common table expressions, ON CONFLICT, moving a row to another tenant).
 *
 * @param sample a row of that tenant, of which an attempt to insert is made.
 */
export function crossingStatements(
  table: TenantTable,
  tenantId: string,
  sample: SampleRow,
): readonly CrossingStatement[] {
  const name = qualifiedName(table);
  const one = (verb: Verb, text: string): CrossingStatement => ({ verb, text, values: [tenantId] });
  const columns = table.columns.filter(({ generated }) => !generated);
  const insert = (rest: string): CrossingStatement => ({
    verb: 'INSERT',
    text: `INSERT INTO ${name} (${columns.map((column) => escapeIdentifier(column.name)).join(', ')}) ${rest}`,
    values: columns.map((column) => sample[column.name] ?? null),
  });
  const given = columns.map(({ type }, n) => `$${n + 1}::${type}`).join(', ');
  const mine = `${TENANT_COLUMN} = $1::uuid`;
  return [
    one('SELECT', `SELECT ${OWNER} FROM ${name} WHERE ${mine}`),
    one('SELECT', `SELECT ${OWNER} FROM ${name} WHERE ${mine} FOR UPDATE`),
    one(
      'SELECT',
      `WITH seen AS MATERIALIZED (SELECT * FROM ${name}) SELECT ${OWNER} FROM seen WHERE ${mine}`,
    ),
    one(
      'SELECT',
      `SELECT t.${OWNER} FROM ${name} t WHERE EXISTS (SELECT FROM ${name} u WHERE u.${TENANT_COLUMN} = t.${TENANT_COLUMN} AND u.${mine})`,
    ),
    insert(`VALUES (${given}) RETURNING ${OWNER}`),
    insert(`SELECT ${given} RETURNING ${OWNER}`),
    insert(`VALUES (${given}) ON CONFLICT DO NOTHING RETURNING ${OWNER}`),
    one('UPDATE', `UPDATE ${name} SET ${TENANT_COLUMN} = ${TENANT_COLUMN} WHERE ${mine} RETURNING ${OWNER}`),
    one('UPDATE', `UPDATE ${name} SET ${TENANT_COLUMN} = $1::uuid RETURNING ${OWNER}`),
    one(
      'UPDATE',
      `UPDATE ${name} t SET ${TENANT_COLUMN} = u.${TENANT_COLUMN} FROM ${name} u WHERE u.${TENANT_COLUMN} = t.${TENANT_COLUMN} AND u.${mine} RETURNING t.${OWNER}`,
    ),
    one('DELETE', `DELETE FROM ${name} WHERE ${mine} RETURNING ${OWNER}`),
    one(
      'DELETE',
      `DELETE FROM ${name} t USING ${name} u WHERE u.${TENANT_COLUMN} = t.${TENANT_COLUMN} AND u.${mine} RETURNING t.${OWNER}`,
    ),
    one('DELETE', `WITH gone AS (DELETE FROM ${name} WHERE ${mine} RETURNING *) SELECT ${OWNER} FROM gone`),
  ];
}

/** The statement with its values in its text, as the simple protocol takes it. */
export function inlined({ text, values }: CrossingStatement): string {
  return text.replaceAll(/\$(\d+)/g, (_, n: string) => {
    const value = values[Number(n) - 1];
    return value === null || value === undefined ? 'NULL' : escapeLiteral(value);
  });
}
