/** The URL of another database of the same server, for the same login unless told otherwise. */
export function databaseUrlOf(
  url: string,
  database: string,
  login?: { readonly name: string; readonly password: string },
): string {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  if (login) {
    other.username = encodeURIComponent(login.name);
    other.password = encodeURIComponent(login.password);
  }
  return other.href;
}
