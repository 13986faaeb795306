import { readFile } from 'node:fs/promises';
import { type Allowance, allowancesOf } from './allow-list.js';
import { type AuditOptions, UnusableAudit } from './audit-options.js';

/** What is known of a database and kept with its code: whom it serves, which tables are global, what is allowed and why. */
export interface AuditConfig extends AuditOptions {
  readonly allow: readonly Allowance[];
}

const KINDS = {
  appRoles: 'list',
  tenantColumns: 'list',
  globalTables: 'list',
  tenantSchemas: 'string',
  idleInTransactionMs: 'number',
  minimumMinors: 'object',
  requireInjectionSafe: 'boolean',
  allow: 'list',
} as const satisfies Record<keyof AuditConfig, string>;

/** @throws UnusableAudit when the file cannot be read or meant. */
export async function readAuditConfig(file: string): Promise<AuditConfig> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new UnusableAudit(`${file} cannot be read`);
  });
  const value = parsed(file, text);
  for (const [name, content] of Object.entries(value)) {
    const kind = (KINDS as Readonly<Record<string, string>>)[name];
    if (kind === undefined) throw new UnusableAudit(`${file} has an unknown field, ${name}`);
    if (kindOf(content) !== kind) throw new UnusableAudit(`${name} in ${file} must be a ${kind}`);
  }
  const { allow = [], ...options } = value as { allow?: unknown } & AuditOptions;
  return { ...options, allow: allowancesOf(allow) };
}

function parsed(file: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (kindOf(value) === 'object') return value as Record<string, unknown>;
  } catch {
    // Said below, for both.
  }
  throw new UnusableAudit(`${file} is no JSON object`);
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : value === null ? 'nothing' : typeof value;
}
