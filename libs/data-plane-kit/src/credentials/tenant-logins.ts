import { createHmac } from 'node:crypto';
import type { Secret } from './secret.js';

/** The least length of a key, in characters; `openssl rand -hex 32` gives 64. */
const LEAST_LENGTH = 32;

export interface TenantLoginKeys {
  /** What passwords are derived from. */
  readonly current: Secret;
  /** What they were derived from before, as long as not every login has its new password. */
  readonly previous?: Secret;
}

/**
 * The passwords of the logins that tenants with databases of their own have. They are derived and kept nowhere: whoever has
 * the key has them all, and whoever has one of them has no other.
 */
export class TenantLogins {
  constructor(private readonly keys: TenantLoginKeys) {}

  /** Tells one key from another, and nothing of the key. */
  get keyId(): string {
    return derived(this.keys.current, '', 'key').slice(0, 12);
  }

  /** @throws SecretUnreadable, or RangeError when the key is too short to keep anybody out. */
  password(cluster: string, login: string): string {
    return derived(this.keys.current, cluster, login);
  }

  /** The present one first, then the one before. */
  passwords(cluster: string, login: string): string[] {
    const { current, previous } = this.keys;
    return [current, ...(previous ? [previous] : [])].map((key) => derived(key, cluster, login));
  }
}

function derived(key: Secret, cluster: string, login: string): string {
  const secret = key.read();
  if (secret.length < LEAST_LENGTH)
    throw new RangeError(`The key at ${key.name} must have at least ${LEAST_LENGTH} characters.`);
  return createHmac('sha256', secret).update(`${cluster}|${login}`).digest('base64url');
}
