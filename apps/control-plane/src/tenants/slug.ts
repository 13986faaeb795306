/** Names that would read as Tenantry's or a platform's own in an address. */
const RESERVED = new Set([
  'admin',
  'administrator',
  'api',
  'app',
  'assets',
  'auth',
  'console',
  'default',
  'docs',
  'health',
  'help',
  'internal',
  'login',
  'mail',
  'me',
  'null',
  'public',
  'root',
  'security',
  'static',
  'status',
  'support',
  'system',
  'tenant',
  'tenantry',
  'tenants',
  'undefined',
  'www',
]);

/** A DNS label (RFC 1123) in lower-case ASCII, 3 to 63 characters, that begins with a letter: no look-alikes by script, case or dashes. */
export const SLUG_PATTERN = '^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){2,62}$';
const SLUG = new RegExp(SLUG_PATTERN);

/** Why the slug can't be used, in words for its author; `undefined` when it can. */
export function slugProblem(slug: string): string | undefined {
  if (!SLUG.test(slug)) {
    return 'must be 3 to 63 lower-case ASCII letters, digits and single dashes, beginning with a letter and not ending with a dash';
  }
  if (RESERVED.has(slug)) return `"${slug}" is reserved; choose another slug`;
  return undefined;
}
