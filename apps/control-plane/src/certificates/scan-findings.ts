import type { Remnants } from './certificate.errors.js';

const MOST = 100;

/** What a scan's evidence names as left. Evidence comes from a participant: whatever is not of the expected form is left out. */
export function remnantsIn(evidence: unknown): Remnants {
  const databases = listIn(evidence, 'databases');
  const within = (name: string): unknown[] =>
    databases.flatMap((database) =>
      listIn(database, name).map((found) => ({
        ...(isRecord(database) && { cluster: database['cluster'], database: database['database'] }),
        ...(isRecord(found) ? found : { name: found }),
      })),
    );
  return {
    tables: within('tables').slice(0, MOST),
    schemas: within('schemas').slice(0, MOST),
    databases: listIn(evidence, 'namedDatabases').slice(0, MOST),
    roles: listIn(evidence, 'roles').slice(0, MOST),
  };
}

function listIn(value: unknown, name: string): unknown[] {
  const list = isRecord(value) ? value[name] : undefined;
  return Array.isArray(list) ? (list as unknown[]) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
