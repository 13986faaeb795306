import { createHash } from 'node:crypto';
import { pgExecutor, protect, type Protection, type SqlExecutor } from '@tenantry/database';
import { type Client, escapeIdentifier, escapeLiteral } from 'pg';
import type { ServiceDefinition } from '../service-definition.js';
import { databaseUrlOf } from '../database-url.js';
import { PROVISIONER_ROLE } from './roles.js';
import { installTenantLayout, layoutDigest } from './tenant-layout.js';

/**
 * What tenants' own databases are copied from. The service's database is part of the name, since another installation on the
 * same server may have a store of this name too.
 */
export function templateDatabaseName(store: string, serviceDatabase: string): string {
  const here = createHash('sha256').update(serviceDatabase).digest('hex').slice(0, 8);
  return `tenantry_template_${store}_${here}`;
}

const CREATES_DATABASES: Protection = {
  sql: () => `
DO $kit$ BEGIN
  IF NOT (SELECT rolcreatedb FROM pg_roles WHERE rolname = '${PROVISIONER_ROLE}') THEN ALTER ROLE ${PROVISIONER_ROLE} CREATEDB; END IF;
END $kit$;`,
  holds: `(SELECT rolcreatedb FROM pg_roles WHERE rolname = '${PROVISIONER_ROLE}')`,
  otherwise: `no tenant can be given a database of its own: as a superuser, ALTER ROLE ${PROVISIONER_ROLE} CREATEDB`,
};

interface Found {
  readonly present: boolean;
  readonly layout: string | null;
  readonly locale: string;
}

/** The shared database's encoding and locale, which template0 lets one choose: a tenant sorts alike wherever it lives. */
const FOUND = `
SELECT t.oid IS NOT NULL AS present, shobj_description(t.oid, 'pg_database') AS layout,
  concat('ENCODING ', quote_literal(pg_encoding_to_char(here.encoding)), ' LC_COLLATE ', quote_literal(here.datcollate),
    ' LC_CTYPE ', quote_literal(here.datctype),
    CASE here.datlocprovider
      WHEN 'i' THEN concat(' LOCALE_PROVIDER icu ICU_LOCALE ',
        quote_literal(coalesce(to_jsonb(here) ->> 'datlocale', to_jsonb(here) ->> 'daticulocale')))
      WHEN 'b' THEN concat(' LOCALE_PROVIDER builtin BUILTIN_LOCALE ', quote_literal(to_jsonb(here) ->> 'datlocale'))
      ELSE ' LOCALE_PROVIDER libc' END) AS locale
FROM pg_database here LEFT JOIN pg_database t ON t.datname = $1
WHERE here.datname = current_database()`;

/**
 * Makes the template of tenants' own databases, or brings it up to date: copying it gives a new tenant everything at once. It
 * lets nobody in but while it is being changed, and a tenant that is to be made in that moment is tried again.
 *
 * @param client an administrator's, connected to the service's database.
 * @returns what was applied, as `<template>/<name>`, and in words what this administrator was not allowed to do.
 */
export async function installTemplate(
  client: Client,
  adminUrl: string,
  service: ServiceDefinition,
): Promise<{ readonly applied: readonly string[]; readonly warnings: readonly string[] }> {
  const sql = pgExecutor(client);
  const warnings = await protect(sql, [CREATES_DATABASES]);
  if (warnings.length > 0) return { applied: [], warnings };
  const [here] = await sql.query<{ database: string }>('SELECT current_database() AS database');
  const name = templateDatabaseName(service.store, here!.database);
  const lock = `hashtextextended(${escapeLiteral(name)}, 0)`;
  await sql.query(`SELECT pg_advisory_lock(${lock})`);
  try {
    const [found] = await sql.query<Found>(FOUND, [name]);
    const layout = templateComment(service, here!.database);
    if (found!.layout === layout) return { applied: [], warnings: [] };
    await asProvisioner(sql, found!.present ? openTo(name) : makeEmpty(name, found!.locale));
    const installed = await installTenantLayout(databaseUrlOf(adminUrl, name), service);
    await asProvisioner(sql, seal(name, layout));
    return { ...installed, applied: installed.applied.map((step) => `${name}/${step}`) };
  } finally {
    await sql.query(`SELECT pg_advisory_unlock(${lock})`);
  }
}

/** The comment of a template that is up to date with this service: what it was last brought to, and whose it is. */
export function templateComment(service: ServiceDefinition, serviceDatabase: string): string {
  return JSON.stringify({ madeBy: 'tenantry', template: layoutDigest(service), database: serviceDatabase });
}

function makeEmpty(name: string, locale: string): string[] {
  return [`CREATE DATABASE ${escapeIdentifier(name)} TEMPLATE template0 ${locale}`];
}

function openTo(name: string): string[] {
  return [`ALTER DATABASE ${escapeIdentifier(name)} ALLOW_CONNECTIONS true`];
}

function seal(name: string, layout: string): string[] {
  const database = escapeIdentifier(name);
  return [
    `ALTER DATABASE ${database} IS_TEMPLATE true ALLOW_CONNECTIONS false`,
    `COMMENT ON DATABASE ${database} IS ${escapeLiteral(layout)}`,
  ];
}

/** One by one, since a database cannot be made inside a transaction. */
async function asProvisioner(sql: SqlExecutor, statements: readonly string[]): Promise<void> {
  await sql.query(`SET ROLE ${PROVISIONER_ROLE}`);
  try {
    for (const statement of statements) await sql.query(statement);
  } finally {
    await sql.query('RESET ROLE');
  }
}
