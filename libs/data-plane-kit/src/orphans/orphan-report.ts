/**
 * How what is there and what should be there differ:
 * - `orphaned`: exists and should not.
 * - `missing`: should exist and does not.
 * - `unmarked`: exists and should, but carries no marker, so nothing can ever prove whose it is.
 * - `foreign`: has a name like a tenant's, and belongs to another service or to nobody that can be seen from here.
 * - `unknown`: a tenant that is alive here and of which no state record speaks: the routes here are behind, or the control
 *   plane has lost it.
 */
export type OrphanKind = 'orphaned' | 'missing' | 'unmarked' | 'foreign' | 'unknown';

export const ORPHAN_KINDS: readonly OrphanKind[] = ['orphaned', 'missing', 'unmarked', 'foreign', 'unknown'];

/** What a finding is about; `marker` is the row that ends a provisioning, `rows` a shared table with rows of the tenant. */
export type ObjectType = 'schema' | 'role' | 'database' | 'marker' | 'fence' | 'rows' | 'tenant';

export interface OrphanFinding {
  readonly kind: OrphanKind;
  readonly object: { readonly type: ObjectType; readonly name: string };
  readonly tenantId: string;
  /** Why it is reported, in words; names objects only. */
  readonly why: string;
  /** Whether a sweep that is told to would delete it. */
  readonly deletable: boolean;
  /** What forbids the deletion; absent when `deletable`. */
  readonly whyNot?: string;
  /** Whether this sweep has deleted it. */
  readonly deleted: boolean;
}

/** What one sweep of a service's database, and of the server's roles and databases, has found. */
export interface OrphanReport {
  /** When it began, by the database's clock. */
  readonly sweptAt: string;
  readonly service: string;
  readonly cluster: string;
  readonly database: string;
  /** How many tenants with a state record or bookkeeping here were compared. */
  readonly tenants: number;
  /** The first of each kind; `counts` has them all. */
  readonly findings: readonly OrphanFinding[];
  readonly counts: Readonly<Record<OrphanKind, number>>;
  /** Tenants whose rows in shared tables were not looked for this time, because of the bound; the next sweep goes on there. */
  readonly rowsUnchecked: number;
  /** Whether nothing is left to look into. Foreign roles and databases are the server's and do not count. */
  readonly clean: boolean;
}

/** Whether a finding is left for a person, or for a sweep that deletes. */
export function isOpen({ kind, object, deleted }: OrphanFinding): boolean {
  return !deleted && !(kind === 'foreign' && object.type !== 'schema');
}
