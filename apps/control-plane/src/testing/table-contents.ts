import type { LifecycleHarness } from './lifecycle-harness.js';

/** Every row of every table of the database, as text, by table; sequences are not among them. */
export async function tableContents(control: LifecycleHarness): Promise<Record<string, string[]>> {
  const tables = await control.rows<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
  );
  const contents: Record<string, string[]> = {};
  for (const { name } of tables) {
    const rows = await control.rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t ORDER BY 1`);
    contents[name] = rows.map(({ row }) => row);
  }
  return contents;
}
