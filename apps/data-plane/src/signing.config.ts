import {
  ContextSigner,
  type ContextSigning,
  SECRET_REFERENCE,
  secretAt,
  SecretUnreadable,
  signingKeyOf,
  SigningKey,
  type TokenBinding,
} from '@tenantry/data-plane-kit';
import { ConfigError, env, type ConfigOf, type Environment } from '@tenantry/service';

const MODES = ['off', 'mac', 'setting'] as const;

/** What both the migration and the processes that serve are told. */
export const SIGNING = {
  /** Unset: a migration leaves it as it is, and a process does not sign. */
  contextSigning: env.optional(env.oneOf('CONTEXT_SIGNING', MODES)),
  /** Where the key is, `env:NAME` or `file:/path`. */
  contextSigningKey: env.optional(env.text('CONTEXT_SIGNING_KEY', undefined, SECRET_REFERENCE)),
};

/** What a process that serves is told besides. */
export const SERVE_SIGNING = {
  ...SIGNING,
  /** `none` behind a pooler in transaction mode. */
  contextSigningBinding: env.oneOf<TokenBinding>('CONTEXT_SIGNING_BINDING', ['backend', 'none'], 'backend'),
};

/** What a migration is told besides. */
export const MIGRATE_SIGNING = {
  ...SIGNING,
  /** The next or the previous key, which the databases take too. */
  contextSigningOtherKey: env.optional(env.text('CONTEXT_SIGNING_OTHER_KEY', undefined, SECRET_REFERENCE)),
  /** `accepted` while processes switch. */
  contextSigningUnsigned: env.oneOf('CONTEXT_SIGNING_UNSIGNED', ['accepted', 'refused'], 'refused'),
  /** How long a key that is not named any more is still taken. */
  contextSigningOverlapMs: env.durationMs('CONTEXT_SIGNING_OVERLAP', 3_600_000),
};

/** @returns undefined for a service that does not sign. @throws ConfigError naming what is wrong, and nothing of a key. */
export function signerOf(
  { contextSigning, contextSigningKey, contextSigningBinding }: ConfigOf<typeof SERVE_SIGNING>,
  from: Environment,
): ContextSigner | undefined {
  if (contextSigning === undefined || contextSigning === 'off') return undefined;
  const key = having('CONTEXT_SIGNING_KEY', contextSigningKey, (reference) =>
    signingKeyOf(secretAt(reference, from)),
  );
  return new ContextSigner({ key, binding: contextSigningBinding });
}

/** @returns undefined to leave it as it is. @throws ConfigError naming what is wrong, and nothing of a key. */
export function signingOf(
  config: ConfigOf<typeof MIGRATE_SIGNING>,
  from: Environment,
): ContextSigning | undefined {
  const { contextSigning: marker, contextSigningOtherKey: other } = config;
  if (marker === undefined || marker === 'off') return marker && { marker };
  const read = (reference: string): SigningKey => new SigningKey(secretAt(reference, from).read());
  const keys = [having('CONTEXT_SIGNING_KEY', config.contextSigningKey, read)];
  if (other !== undefined) keys.push(having('CONTEXT_SIGNING_OTHER_KEY', other, read));
  return { marker, keys, unsigned: config.contextSigningUnsigned, overlapMs: config.contextSigningOverlapMs };
}

/** What a reference leads to. */
function having<T>(variable: string, reference: string | undefined, read: (reference: string) => T): T {
  if (reference === undefined) throw new ConfigError([`${variable} is required when contexts are signed`]);
  try {
    return read(reference);
  } catch (error) {
    if (error instanceof SecretUnreadable || error instanceof RangeError)
      throw new ConfigError([`${variable}: ${error.message}`]);
    throw error;
  }
}
