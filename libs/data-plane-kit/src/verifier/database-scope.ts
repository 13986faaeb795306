/** Whether a database of a server is looked at. */
export type DatabaseScope = (database: string) => boolean;

/**
 * Reads which databases are looked at: names in which `*` stands for any text, and with a `!` in front what is left out
 * all the same. Without a name to look at, it is every database that is not left out.
 */
export function databaseScope(patterns: readonly string[]): DatabaseScope {
  const leftOut = patterns
    .filter((pattern) => pattern.startsWith('!'))
    .map((pattern) => matcher(pattern.slice(1)));
  const named = patterns.filter((pattern) => !pattern.startsWith('!')).map(matcher);
  return (database) =>
    (named.length === 0 || named.some((matches) => matches.test(database))) &&
    !leftOut.some((matches) => matches.test(database));
}

function matcher(pattern: string): RegExp {
  const literal = (text: string): string => text.replaceAll(/[^\w]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's');
}
