/** `infinity` has no RFC 3339 form, and no entry that a process of ours wrote has it; six digits are all that the database keeps. */
const AT = `to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The columns of an AuditDocument, of `tenantry.audit_entry e`. */
export const DOCUMENT_COLUMNS = `e.id, ${AT} AS at, e.actor, e.tenant_id AS "tenantId", e.action, e.resource, e.reason,
  e.before, e.after, e.request_id AS "requestId", e.trace_id AS "traceId"`;
