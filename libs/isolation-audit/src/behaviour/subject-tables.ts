import type { SqlExecutor } from '@tenantry/database';
import { SUBJECTS_SQL } from '../subjects.sql.js';

/** A shared table of tenants' rows that the application reads or writes. */
export interface SubjectTable {
  /** As SQL writes it. */
  readonly name: string;
  readonly column: string;
  /** Two ids of its column's type that no tenant has, where there are such. */
  readonly strangers: readonly [string, string] | undefined;
}

/** Tables that are tried, at most. */
const MOST = 500;

/** By the first letter of the type's category: numbers, texts, and uuid among the others. */
const STRANGERS: Readonly<Record<string, readonly [string, string]>> = {
  uuid: ['f0000000-0000-4000-8000-00000000000a', 'f0000000-0000-4000-8000-00000000000b'],
  N: ['-32001', '-32002'],
  S: ['tenantry-audit-a', 'tenantry-audit-b'],
};

/** @param parameters those of `SUBJECTS_SQL`. */
export async function subjectTables(
  sql: SqlExecutor,
  parameters: readonly unknown[],
): Promise<SubjectTable[]> {
  const rows = await sql.query<{ name: string; column: string; kind: string }>(
    `${SUBJECTS_SQL}
SELECT t.name, quote_ident(t.tenant_column) AS column, CASE WHEN y.typname = 'uuid' THEN 'uuid' ELSE y.typcategory::text END AS kind
FROM tenant_table t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = t.tenant_attnum JOIN pg_type y ON y.oid = a.atttypid
WHERE t.privileges && ARRAY['SELECT', 'INSERT'] ORDER BY t.name LIMIT ${MOST}`,
    parameters,
  );
  return rows.map(({ name, column, kind }) => ({ name, column, strangers: STRANGERS[kind] }));
}
