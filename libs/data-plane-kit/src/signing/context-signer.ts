import type { SigningKey } from './signing-key.js';

/** What a token lets its bearer do: open this tenant's context, in this mode, where the fence has this generation. */
export interface SignedTerms {
  readonly tenantId: string;
  readonly generation: number;
  readonly readOnly: boolean;
}

/** A token in the parts that `tenantry.enter` takes. */
export interface ContextToken {
  /** Until when it is good, in milliseconds since 1970. */
  readonly expiresAt: number;
  readonly keyId: number;
  readonly mac: Buffer;
  /** The server process that alone takes it; 0 for any. */
  readonly pid: number;
}

/** To which connection a token is bound: the server's process behind it, or none, behind a pooler in transaction mode. */
export type TokenBinding = 'backend' | 'none';

export interface ContextSignerOptions {
  /** The key to sign with; asked for each token, so that a rotated one is used without a restart. */
  readonly key: () => SigningKey;
  /** Default: `backend`. Behind a pooler the process id that the driver knows is not the server's, so it must be `none` there. */
  readonly binding?: TokenBinding;
  /** The time in milliseconds since 1970. Default: the system's. */
  readonly now?: () => number;
}

/**
 * How long a token is good, in milliseconds. The database takes at most 60 s, and 10 s for one that is bound to no process;
 * what is left is for the difference between its clock and ours.
 */
const GOOD_FOR_MS: Readonly<Record<TokenBinding, number>> = { backend: 30_000, none: 5_000 };

/** Signs what a service asks of its database, so that nobody can ask for another tenant in its name. */
export class ContextSigner {
  private readonly key: () => SigningKey;
  private readonly binding: TokenBinding;
  private readonly now: () => number;

  constructor({ key, binding = 'backend', now = Date.now }: ContextSignerOptions) {
    this.key = key;
    this.binding = binding;
    this.now = now;
  }

  /** The number of the key that it signs with now. */
  get keyId(): number {
    return this.key().id;
  }

  /** @param backendPid the server's process behind the connection on which the token will be shown. */
  sign({ tenantId, generation, readOnly }: SignedTerms, backendPid: number): ContextToken {
    const key = this.key();
    const pid = this.binding === 'backend' ? backendPid : 0;
    const expiresAt = this.now() + GOOD_FOR_MS[this.binding];
    const message = [tenantId.toLowerCase(), generation, readOnly ? 'r' : 'w', expiresAt, pid].join('|');
    return { expiresAt, keyId: key.id, mac: key.mac(message), pid };
  }
}
