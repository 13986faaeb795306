import { isUuid } from '@tenantry/kernel';

/**
 * What gives a tenant away wherever it stands: the 32 hex digits of its id. Its schemas and roles have them in their
 * names, and every way of writing a uuid comes down to them once dashes and case are gone.
 *
 * @throws RangeError when it is no id.
 */
export function tenantMark(tenantId: string): string {
  if (!isUuid(tenantId)) throw new RangeError('Not the id of a tenant.');
  return tenantId.replaceAll('-', '').toLowerCase();
}

/**
 * A condition in SQL: the text of the expression holds the mark, which is the statement's first parameter. Arrays, JSON,
 * braces, upper case and hexadecimal bytes are all seen through; no other tenant's id can match. The text is the type's own
 * output, not what somebody's cast makes of it.
 */
export function marked(expression: string): string {
  return `strpos(translate(lower(concat(${expression}) COLLATE "C"), '-', ''), $1) > 0`;
}
