/** What an audit has to be told of a database; everything has a default. */
export interface AuditOptions {
  /**
   * Roles that serve: logins, or the groups that they are in. Default: the kit's groups where the kit is installed, else every
   * login that may connect, is no superuser and reaches tables, without owners of tables where others are left.
   */
  readonly appRoles?: readonly string[];
  /** Columns that say whose a row is. Default: `tenant_id`. */
  readonly tenantColumns?: readonly string[];
  /** Tables, with or without their schema, that belong to no tenant. Default: none. */
  readonly globalTables?: readonly string[];
  /** What the names of tenants' own schemas look like, a regular expression of Postgres. Default: `^t_[0-9a-f]{32}_`. */
  readonly tenantSchemas?: string;
  /** For how long a session may stand in a transaction and do nothing, in milliseconds. Default: 60 000. */
  readonly idleInTransactionMs?: number;
  /** The least minor version of each major one, over `PATCHED_MINORS`. */
  readonly minimumMinors?: Readonly<Record<string, number>>;
  /** Whether it is a finding that the application can name any tenant (hole 16). Default: false, and the tier tells it. */
  readonly requireInjectionSafe?: boolean;
}

/** The first minor version of each major one that mends CVE-2026-6473: a statement of any user overwrites the server's memory. */
export const PATCHED_MINORS: Readonly<Record<string, number>> = { 14: 23, 15: 18, 16: 14, 17: 10, 18: 4 };

export const DEFAULT_OPTIONS = {
  tenantColumns: ['tenant_id'],
  globalTables: [],
  tenantSchemas: '^t_[0-9a-f]{32}_',
  idleInTransactionMs: 60_000,
} as const satisfies AuditOptions;

/** The audit cannot do what it was asked for; nothing was looked at. */
export class UnusableAudit extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UnusableAudit';
  }
}
