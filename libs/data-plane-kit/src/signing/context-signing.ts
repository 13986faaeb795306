import type { SigningKey } from './signing-key.js';

/**
 * Whether the contexts of a service's tenants are signed, in all of its databases alike.
 * - `off`: they are not: bug-safe, not injection-safe.
 * - `mac`: policies believe a marker that the database made with a key of its own. Works wherever the kit does.
 * - `setting`: policies believe a setting that only a superuser may change, which is cheaper to read. Needs a superuser to
 *   install, PostgreSQL 15, and that nobody uses `backtrace_functions` on this server for debugging.
 */
export type ContextSigning =
  | { readonly marker: 'off' }
  | {
      readonly marker: 'mac' | 'setting';
      /**
       * What becomes of a call without a token. `accepted` is for the time in which a service's processes switch, in either
       * direction: it is no protection yet. Default: `refused`.
       */
      readonly unsigned?: 'accepted' | 'refused';
      /** Those whose tokens are taken: what the service signs with, and the next or the previous one during a rotation. */
      readonly keys: readonly SigningKey[];
      /** How long a key that is not named any more is still taken, in milliseconds. Default: 3 600 000, an hour. */
      readonly overlapMs?: number;
    };

/** What `signing` asks for cannot be had here. */
export class SigningRefused extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SigningRefused';
  }
}
