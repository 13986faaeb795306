import { escapeIdentifier } from 'pg';
import type { Reference, RetrofitTable, SingleTenantSchema, UniqueKey } from './single-tenant-schema.js';

/** A step without its number. */
export interface Draft {
  readonly title: string;
  readonly why: string;
  readonly transaction: boolean;
  readonly statements: readonly string[];
}

const ACTIONS: Readonly<Record<string, string>> = {
  a: '',
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
};

/** What a key with the tenant is called; Postgres would cut a longer name off, and two could become one. */
export function byTenant(name: string): string {
  return escapeIdentifier(`${name.slice(0, 50)}_by_tenant`);
}

/** Each unique key once more, with the tenant in front, and an index for each reference. */
export function indexSteps(table: RetrofitTable, column: string): Draft[] {
  const concurrently = table.parted ? '' : ' CONCURRENTLY';
  const index = (name: string, unique: string, columns: readonly string[], rest: string): Draft => ({
    title: `index-${table.bare}-${name.replaceAll('"', '')}`,
    why: table.parted
      ? 'the tenant in front of what is looked up; a parted table is locked meanwhile'
      : 'the tenant in front of what is looked up; made while others write',
    transaction: table.parted,
    statements: [
      // One that failed half-way is there and not valid.
      `DROP INDEX${concurrently} IF EXISTS ${table.schema}.${name}`,
      `CREATE ${unique}INDEX${concurrently} ${name} ON ${table.name} (${[column, ...columns].join(', ')})${rest}`,
    ],
  });
  return [
    ...table.keys.map((key) => index(byTenant(key.index), 'UNIQUE ', key.columns, restOf(key))),
    ...table.references.map(({ name, columns }) => index(byTenant(`${name}_idx`), '', columns, '')),
    ...(table.keys.length + table.references.length === 0 ? [index(byTenant(table.bare), '', [], '')] : []),
  ];
}

function restOf({ where, nullsNotDistinct }: UniqueKey): string {
  return `${nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${where === null ? '' : ` WHERE ${where}`}`;
}

/** Each reference once more, with the tenant in it: first for new rows, then for those that are there. */
export function referenceSteps(
  { tables }: SingleTenantSchema,
  table: RetrofitTable,
  column: string,
): Draft[] {
  return ownReferences(tables, table).flatMap((reference) => {
    const name = byTenant(reference.name);
    const title = `${table.bare}-${reference.name}`;
    return [
      {
        title: `reference-${title}`,
        why: 'a row refers to a row of its own tenant; looked at for new rows only',
        transaction: true,
        statements: [
          `ALTER TABLE ${table.name} ADD CONSTRAINT ${name} FOREIGN KEY (${[column, ...reference.columns].join(', ')}) ` +
            `REFERENCES ${reference.parent} (${[column, ...reference.parentColumns].join(', ')})${actionsOf(reference)} NOT VALID`,
        ],
      },
      {
        title: `validate-${title}`,
        why: 'the same for the rows that are there, while others write',
        transaction: true,
        statements: [`ALTER TABLE ${table.name} VALIDATE CONSTRAINT ${name}`],
      },
    ];
  });
}

/** Takes away the keys without the tenant, references first: from here on two tenants may have the same key. */
export function contractSteps(schema: SingleTenantSchema): Draft[] {
  const { tables } = schema;
  const references = tables
    .map((table) => ({ table, own: ownReferences(tables, table) }))
    .filter(({ own }) => own.length > 0)
    .map(({ table, own }) => ({
      title: `drop-references-${table.bare}`,
      why: 'what replaces them has the tenant in it',
      transaction: true,
      statements: own.map(
        ({ name }) => `ALTER TABLE ${table.name} DROP CONSTRAINT ${escapeIdentifier(name)}`,
      ),
    }));
  const keys = tables.flatMap((table) => table.keys.map((key) => dropKey(table, key)));
  return [...references, ...keys];
}

function dropKey(table: RetrofitTable, key: UniqueKey): Draft {
  const { index, constraint, primary } = key;
  const title = `drop-key-${table.bare}-${index}`;
  const why = 'without the tenant it tells one tenant of the other, and refuses what each may have';
  if (constraint === null)
    return {
      title,
      why,
      transaction: true,
      statements: [`DROP INDEX ${table.schema}.${escapeIdentifier(index)}`],
    };
  const drop = `DROP CONSTRAINT ${escapeIdentifier(constraint)}`;
  const kind = primary ? 'PRIMARY KEY' : 'UNIQUE';
  const take = `ADD CONSTRAINT ${escapeIdentifier(constraint)} ${kind} USING INDEX ${byTenant(index)}`;
  // An index of a parted table cannot become a constraint; as an index it does the same.
  return {
    title,
    why,
    transaction: true,
    statements: [`ALTER TABLE ${table.name} ${table.parted ? drop : `${drop}, ${take}`}`],
  };
}

/** References between tables that get the tenant column; one to a global table needs no tenant. */
function ownReferences(tables: readonly RetrofitTable[], { references }: RetrofitTable): Reference[] {
  return references.filter(({ parent }) => tables.some(({ name }) => name === parent));
}

/** Setting the tenant to null, or to its default, with the rest would be refused, so only the others are named. */
function actionsOf({ onDelete, onUpdate, columns, deferred }: Reference): string {
  const named = onDelete === 'n' || onDelete === 'd' ? ` (${columns.join(', ')})` : '';
  const deleting = ACTIONS[onDelete] ? ` ON DELETE ${ACTIONS[onDelete]}${named}` : '';
  const updating = onUpdate === 'c' || onUpdate === 'r' ? ` ON UPDATE ${ACTIONS[onUpdate]}` : '';
  return `${deleting}${updating}${deferred ? ' DEFERRABLE INITIALLY DEFERRED' : ''}`;
}
