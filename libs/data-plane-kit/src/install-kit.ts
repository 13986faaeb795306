import type { ServiceDefinition } from './service-definition.js';

/** A Postgres login. */
export interface DatabaseLogin {
  readonly name: string;
  readonly password: string;
}

export interface InstallKitOptions {
  /** The login that serves requests: reaches tenants' rows through a context only, owns nothing. */
  readonly appLogin: DatabaseLogin;
  /** The login that provisions and purges; never used to serve. */
  readonly provisionerLogin: DatabaseLogin;
  /** The service whose pooled tables and existing tenants' schemas are brought up to date. */
  readonly service: ServiceDefinition;
}

export interface InstallReport {
  /** The migrations applied now: the kit's by name, the service's as `<schema>/<name>`. */
  readonly applied: readonly string[];
  /** Protections that this administrator was not allowed to set up, in words. */
  readonly warnings: readonly string[];
}

/** Prepares a service's database: roles, kit, the service's tables. Idempotent; run it at every deployment. */
export async function installKit(_adminUrl: string, _options: InstallKitOptions): Promise<InstallReport> {
  throw new Error('not there yet');
}

/** The login that a connection URL names, e.g. to create it. */
export function loginOf(url: string): DatabaseLogin {
  const { username, password } = new URL(url);
  return { name: decodeURIComponent(username), password: decodeURIComponent(password) };
}
