/** A Postgres login. */
export interface DatabaseLogin {
  readonly name: string;
  readonly password: string;
}

/** The login that a connection URL names, e.g. to install the kit for it. */
export function loginOf(url: string): DatabaseLogin {
  const { username, password } = new URL(url);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}
