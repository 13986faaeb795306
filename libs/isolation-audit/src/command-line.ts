import { parseArgs } from 'node:util';
import { readAuditConfig } from './audit-config.js';
import type { AuditRequest } from './audit-database.js';
import { UnusableAudit } from './audit-options.js';
import { SEVERITIES, type Severity } from './finding.js';
import { resolveUrl } from './secret-reference.js';

export const HELP = `Usage: tenantry-audit --url <database> [options]
       tenantry-audit --url <database> --suggest --tenant <uuid> --app-role <role> [options]

Looks in any Postgres database for ways in which one tenant can meet another, and says what mends them. Writes nothing.
A database is a URL (postgres://…), env:NAME or file:/path.

  --url <database>          what is audited; any login sees the catalogue, a superuser or pg_read_all_stats everything
  --as <database>           the same as the application reaches it, pooler included: tries what only behaviour shows
  --probe-writes            with --as: also tries to plant rows and temporary tables, and takes them back
  --restored <database>     restored from a backup of it: compares each tenant's number of rows; reads both whole
  --config <file>           JSON: the options below by name, and the allow-list with its reasons
  --app-role <role>         who serves: a login or its group; may be repeated (default: found out)
  --tenant-column <name>    a column that says whose a row is; may be repeated (default: tenant_id)
  --global-table <name>     a table that belongs to no tenant; may be repeated
  --tenant-schemas <regex>  what tenants' own schemas are called (default: ^t_[0-9a-f]{32}_)
  --require-injection-safe  that the application can name any tenant is a finding too
  --fail-on <severity>      the least that makes it fail: critical, high, medium or low (default: low)
  --format <format>         table, json or sarif (default: table)
  --suggest                 instead: the steps that make a single-tenant schema hold many, as SQL; runs none of them
  --tenant <uuid>           with --suggest: the tenant that all present rows belong to
  --out <folder>            with --suggest: a file for each step (default: everything to the output)
  --help

Exit status: 0 nothing found, 1 something found, 2 it could not be looked for.`;

export const FORMATS = ['table', 'json', 'sarif'] as const;
export type Format = (typeof FORMATS)[number];

export interface CommandLine {
  readonly help: boolean;
  readonly request: AuditRequest;
  readonly failOn: Severity;
  readonly format: Format;
  readonly suggest?: { readonly tenant: string; readonly out?: string | undefined } | undefined;
}

const TEXT = { type: 'string' } as const;
const LIST = { type: 'string', multiple: true } as const;
const FLAG = { type: 'boolean' } as const;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** @throws UnusableAudit */
export async function commandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<CommandLine> {
  const values = parsed(args);
  const failOn = oneOf('--fail-on', values['fail-on'] ?? 'low', SEVERITIES);
  const format = oneOf('--format', values.format ?? 'table', FORMATS);
  if (values.help) return { help: true, request: { url: '' }, failOn, format };
  if (values.url === undefined) throw new UnusableAudit('say what to audit: --url (see --help)');
  const resolved = (option: string, text: string | undefined) =>
    text === undefined ? undefined : resolveUrl(option, text, environment);
  const config = values.config === undefined ? { allow: [] } : await readAuditConfig(values.config);
  const given = {
    appRoles: values['app-role'],
    tenantColumns: values['tenant-column'],
    globalTables: values['global-table'],
    tenantSchemas: values['tenant-schemas'],
    requireInjectionSafe: values['require-injection-safe'],
  };
  const request = {
    ...config,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    url: await resolveUrl('--url', values.url, environment),
    asUrl: await resolved('--as', values.as),
    restoredUrl: await resolved('--restored', values.restored),
    probeWrites: values['probe-writes'],
  };
  if (request.probeWrites && request.asUrl === undefined)
    throw new UnusableAudit('--probe-writes tries as the application: give --as too');
  return { help: false, request, failOn, format, ...suggestionOf(values) };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        url: TEXT,
        as: TEXT,
        'probe-writes': FLAG,
        restored: TEXT,
        config: TEXT,
        'app-role': LIST,
        'tenant-column': LIST,
        'global-table': LIST,
        'tenant-schemas': TEXT,
        'require-injection-safe': FLAG,
        'fail-on': TEXT,
        format: TEXT,
        suggest: FLAG,
        tenant: TEXT,
        out: TEXT,
        help: FLAG,
      },
    }).values;
  } catch (error) {
    throw new UnusableAudit(`${(error as Error).message} (see --help)`);
  }
}

function suggestionOf(values: ReturnType<typeof parsed>): Pick<CommandLine, 'suggest'> {
  if (!values.suggest) {
    if (values.tenant !== undefined || values.out !== undefined)
      throw new UnusableAudit('--tenant and --out go with --suggest');
    return {};
  }
  if (values.tenant === undefined || !UUID.test(values.tenant))
    throw new UnusableAudit(
      '--suggest needs the id of the tenant that the present rows belong to: --tenant <uuid>',
    );
  if (values['app-role']?.length !== 1)
    throw new UnusableAudit('--suggest needs the role that is to serve: --app-role, once');
  return { suggest: { tenant: values.tenant.toLowerCase(), out: values.out } };
}

function oneOf<T extends string>(option: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new UnusableAudit(`${option} may be ${known.join(', ')}`);
  return found;
}
