import type { DataSource } from 'typeorm';
import { CONTROL_PLANE_MIGRATIONS } from '../migrations/index.js';

/** The migrations that this build needs and the database does not have. */
export async function missingMigrations(dataSource: DataSource): Promise<string[]> {
  const rows: { name: string }[] = await dataSource.query('SELECT name FROM tenantry.migration');
  const applied = new Set(rows.map(({ name }) => name));
  return CONTROL_PLANE_MIGRATIONS.map(({ name }) => name).filter((name) => !applied.has(name));
}
