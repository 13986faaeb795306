import { DOCUMENT_COLUMNS } from './audit-document.sql.js';

/** Which entries to list; all given conditions hold together. */
export interface AuditFilter {
  /** A UUID. */
  readonly tenantId?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly resource?: string | undefined;
  readonly requestId?: string | undefined;
  /** Not before this time. */
  readonly from?: Date | undefined;
  /** Before this time. */
  readonly to?: Date | undefined;
}

/** Where a page ended: the time of its last entry, to the microsecond, and its id. */
export type AuditPlace = readonly [at: string, id: string];

/** One page of entries, newest first, with their positions; exported for the test of its plans. */
export function auditPageSql(
  filter: AuditFilter,
  limit: number,
  after?: AuditPlace,
): { text: string; params: unknown[] } {
  const params: unknown[] = [];
  const bound = (value: unknown): string => `$${params.push(value)}`;
  const conditions = [
    ...(filter.tenantId === undefined ? [] : [`tenant_id = ${bound(filter.tenantId)}`]),
    ...(filter.actor === undefined ? [] : [`actor = ${bound(filter.actor)}`]),
    ...(filter.action === undefined ? [] : [`action = ${bound(filter.action)}`]),
    ...(filter.resource === undefined ? [] : [`resource = ${bound(filter.resource)}`]),
    ...(filter.requestId === undefined ? [] : [`request_id = ${bound(filter.requestId)}`]),
    ...(filter.from === undefined ? [] : [`at >= ${bound(filter.from)}`]),
    ...(filter.to === undefined ? [] : [`at < ${bound(filter.to)}`]),
    ...(after === undefined
      ? []
      : [`(at, id) < (${bound(after[0])}::timestamptz, ${bound(after[1])}::uuid)`]),
  ];
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  // Limited before it is joined, so that the join can't tempt the planner away from the order of the index.
  const text = `
    SELECT ${DOCUMENT_COLUMNS}, l.position, l.leaf_hash
    FROM (SELECT * FROM tenantry.audit_entry ${where} ORDER BY at DESC, id DESC LIMIT ${bound(limit)}) e
    LEFT JOIN tenantry.audit_leaf l ON l.entry_id = e.id
    ORDER BY e.at DESC, e.id DESC`;
  return { text, params };
}
