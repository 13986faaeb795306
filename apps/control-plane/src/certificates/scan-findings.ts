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

/** The databases that a scan says it was not to look at, by name. */
export function leftOutOf(evidence: unknown): string[] {
  return listIn(evidence, 'notScanned').map(nameOf);
}

/**
 * Why the evidence of a scan does not show that nothing is left; empty when it does. That it says so is not enough: it has to say what it
 * looked at and when, and to name nothing that it found or could not look at.
 */
export function scanObjections(evidence: unknown): string[] {
  if (!isRecord(evidence)) return ['its evidence is not of the form that it should have'];
  const { databases, databasesScanned = listIn(evidence, 'databases').length, scannedAt } = evidence;
  const wellFormed =
    Array.isArray(databases) &&
    databases.every(
      (each) =>
        isRecord(each) && [each['tables'], each['schemas'], each['objects'] ?? []].every(Array.isArray),
    ) &&
    Array.isArray(evidence['roles']) &&
    ['namedDatabases', 'objects', 'unscannable'].every((name) => Array.isArray(evidence[name] ?? []));
  const { tables, schemas, databases: named, roles } = remnantsIn(evidence);
  return [
    ...(evidence['clean'] === true ? [] : ['it does not say that it found nothing']),
    ...(wellFormed ? [] : ['its evidence is not of the form that it should have']),
    ...(typeof databasesScanned === 'number' && databasesScanned >= 1 ? [] : ['it looked at no database']),
    ...(typeof scannedAt === 'string' && TIME.test(scannedAt) && !Number.isNaN(Date.parse(scannedAt))
      ? []
      : ['it does not say when it looked']),
    ...naming('tables', tables),
    ...naming('schemas', schemas),
    ...naming('databases', named),
    ...naming('roles', roles),
    ...naming('other objects', objectsIn(evidence)),
    ...unseen(listIn(evidence, 'unscannable')),
  ];
}

/** RFC 3339. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
/** How many of a kind are named in one objection. */
const NAMED = 5;

/** Whatever else is named for the tenant: of a database, or of a whole server. */
function objectsIn(evidence: unknown): unknown[] {
  const within = listIn(evidence, 'databases').flatMap((database) => listIn(database, 'objects'));
  return [...within, ...listIn(evidence, 'objects')];
}

function naming(kind: string, found: readonly unknown[]): string[] {
  return found.length === 0 ? [] : [`it names ${kind}: ${namesOf(found)}`];
}

function unseen(places: readonly unknown[]): string[] {
  return places.length === 0 ? [] : [`it could not look at ${namesOf(places)}`];
}

function namesOf(found: readonly unknown[]): string {
  const names = found.slice(0, NAMED).map(nameOf);
  return found.length > NAMED ? `${names.join(', ')} and ${found.length - NAMED} more` : names.join(', ');
}

function nameOf(found: unknown): string {
  if (!isRecord(found)) return typeof found === 'string' ? found : 'something without a name';
  const names = ['cluster', 'database', 'schema', 'table', 'name', 'role', 'object'].map(
    (part) => found[part],
  );
  return names.filter((name) => typeof name === 'string').join('/') || 'something without a name';
}

function listIn(value: unknown, name: string): unknown[] {
  const list = isRecord(value) ? value[name] : undefined;
  return Array.isArray(list) ? (list as unknown[]) : [];
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
