import { readFileSync } from 'node:fs';
import {
  type ClusterAccess,
  SECRET_REFERENCE,
  type Secret,
  secretAt,
  secretOf,
  SecretUnreadable,
  type TenantLoginKeys,
} from '@tenantry/data-plane-kit';
import { ConfigError, type ConfigOf, env, type Environment } from '@tenantry/service';

const CLUSTER = /^[a-z][a-z0-9-]{0,62}$/;
const POSTGRES_URL = /^postgres(ql)?:\/\/[^\0]+$/;
const KEYS: readonly string[] = ['databaseUrl', 'provisionerUrl', 'migrateUrl', 'supportUrl'];

/** The clusters beside the one of DATABASE_URL, and what that one is called. */
export const CLUSTERS = {
  clustersFile: env.optional(env.text('CLUSTERS_FILE')),
  defaultCluster: env.text('DEFAULT_CLUSTER', 'default', CLUSTER),
};

/** Where the key of the logins is that tenants with databases of their own have; without one there are no such tenants. */
export const TENANT_LOGINS = {
  tenantLoginKey: env.optional(env.text('TENANT_LOGIN_KEY', undefined, SECRET_REFERENCE)),
  tenantLoginPreviousKey: env.optional(env.text('TENANT_LOGIN_PREVIOUS_KEY', undefined, SECRET_REFERENCE)),
};

const connections = (name: string, fallback: number) =>
  env.integer(name, { min: 1, max: 10_000, default: fallback });

/** How many connections serve requests. */
export const CONNECTIONS = {
  connectionsTotal: connections('CONNECTIONS_TOTAL', 50),
  connectionsPerCluster: connections('CONNECTIONS_PER_CLUSTER', 10),
  connectionsDedicated: connections('CONNECTIONS_DEDICATED', 20),
  connectionsPerTenant: connections('CONNECTIONS_PER_TENANT', 5),
  connectionWaitMs: env.durationMs('CONNECTION_WAIT', 5000),
};

/** A variable that holds a URL, or where it is: `file:/path`, which is read anew for each connection. */
export const urlOrFile = (name: string) =>
  env.text(name, undefined, /^(?:postgres(?:ql)?:\/\/|file:\/)[^\0]+$/);

/** A further cluster, with the administrator that migrates it where this installation does that. */
export interface FurtherCluster extends ClusterAccess {
  readonly migrateUrl?: Secret;
}

/** @throws ConfigError when it is neither. */
export function urlSecret(variable: string, value: string): Secret {
  const secret = value.startsWith('file:') ? secretAt(value, {}) : secretOf(value);
  return checked(variable, secret);
}

/** @throws ConfigError naming what is wrong in the file or behind it, never a value. */
export function furtherClusters(
  { clustersFile, defaultCluster }: ConfigOf<typeof CLUSTERS>,
  from: Environment,
): Readonly<Record<string, FurtherCluster>> {
  if (clustersFile === undefined) return {};
  const entries = Object.entries(readObject(clustersFile)).map(([name, given]) => {
    if (!CLUSTER.test(name)) throw wrong('a cluster’s name must match /^[a-z][a-z0-9-]*$/');
    if (name === defaultCluster) throw wrong(`${name} is the cluster of DATABASE_URL already`);
    return [name, clusterOf(name, given, from)] as const;
  });
  return Object.fromEntries(entries);
}

/** @throws ConfigError */
export function tenantLoginKeysOf(
  { tenantLoginKey, tenantLoginPreviousKey }: ConfigOf<typeof TENANT_LOGINS>,
  from: Environment,
): TenantLoginKeys | undefined {
  if (tenantLoginKey === undefined) {
    if (tenantLoginPreviousKey === undefined) return undefined;
    throw new ConfigError(['TENANT_LOGIN_PREVIOUS_KEY is of no use without TENANT_LOGIN_KEY']);
  }
  const key = (variable: string, reference: string): Secret => {
    const secret = readable(variable, secretAt(reference, from));
    if (secret.read().length < 32) throw new ConfigError([`${variable} must name 32 characters or more`]);
    return secret;
  };
  return {
    current: key('TENANT_LOGIN_KEY', tenantLoginKey),
    ...(tenantLoginPreviousKey !== undefined && {
      previous: key('TENANT_LOGIN_PREVIOUS_KEY', tenantLoginPreviousKey),
    }),
  };
}

function clusterOf(name: string, given: unknown, from: Environment): FurtherCluster {
  if (!isRecord(given)) throw wrong(`${name} must be an object`);
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) throw wrong(`${name} has no ${unknown}: it has ${KEYS.join(', ')}`);
  const secret = (key: string): Secret => {
    const reference = given[key];
    const where = `CLUSTERS_FILE: ${name}.${key}`;
    if (typeof reference !== 'string' || !SECRET_REFERENCE.test(reference))
      throw new ConfigError([`${where} must be env:NAME or file:/path`]);
    return checked(where, secretAt(reference, from));
  };
  return {
    databaseUrl: secret('databaseUrl'),
    provisionerUrl: secret('provisionerUrl'),
    ...(given['migrateUrl'] !== undefined && { migrateUrl: secret('migrateUrl') }),
    ...(given['supportUrl'] !== undefined && { supportUrl: secret('supportUrl') }),
  };
}

/** A secret that holds a URL with a login now; what it is changed to later is not looked at before it is used. */
function checked(where: string, secret: Secret): Secret {
  const url = readable(where, secret).read();
  if (!POSTGRES_URL.test(url) || !URL.canParse(url) || new URL(url).username === '')
    throw new ConfigError([`${where} must name a postgres:// URL with a login`]);
  return secret;
}

function readable(where: string, secret: Secret): Secret {
  try {
    secret.read();
    return secret;
  } catch (error) {
    if (!(error instanceof SecretUnreadable)) throw error;
    throw new ConfigError([`${where}: ${error.message}`]);
  }
}

function readObject(file: string): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as { readonly code?: string };
    throw wrong(`the file cannot be read (${code})`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw wrong('the file must hold JSON');
  }
  if (!isRecord(parsed)) throw wrong('the file must hold an object with an entry for each cluster');
  return parsed;
}

function wrong(what: string): ConfigError {
  return new ConfigError([`CLUSTERS_FILE: ${what}`]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
