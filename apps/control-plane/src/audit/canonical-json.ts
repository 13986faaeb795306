/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * Writes JSON in its one canonical form (RFC 8785): names sorted by UTF-16 code units, no blanks, numbers and strings as ECMAScript
 * writes them. Equal values have equal bytes, so that they can be hashed and signed.
 *
 * @throws TypeError for what has no such form: undefined, a number that is not finite, a lone surrogate.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return stringText(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([name, member]) => `${stringText(name)}:${canonicalJson(member)}`).join(',')}}`;
  }
  throw new TypeError(`${typeof value} is not JSON`);
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError('a number that is not finite is not JSON');
  return JSON.stringify(value);
}

function stringText(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a lone surrogate cannot be hashed');
  return JSON.stringify(value);
}
