import { readFileSync } from 'node:fs';

/** Something secret, read where it is whenever it is needed: what is changed there is used from the next time on. */
export interface Secret {
  /** What to call it where it must not be shown. */
  readonly name: string;
  /** @throws SecretUnreadable. */
  read(): string;
}

/** Where a secret is, instead of the secret: `env:NAME`, or `file:/path`, which is also what a Kubernetes secret is mounted as. */
export const SECRET_REFERENCE = /^(?:file:\/[^\0]+|env:[A-Za-z_][A-Za-z0-9_]*)$/;

/** A secret is not where its reference says. Names the reference alone. */
export class SecretUnreadable extends Error {
  constructor(name: string, why: string) {
    super(`The secret at ${name} cannot be read: ${why}.`);
    this.name = new.target.name;
  }
}

/**
 * The secret that a reference names. A file's last line break is none of it.
 *
 * @throws RangeError, without the text, when it is no reference: it may be the secret itself.
 */
export function secretAt(
  reference: string,
  environment: Readonly<Record<string, string | undefined>>,
): Secret {
  if (!SECRET_REFERENCE.test(reference)) throw new RangeError('must be env:NAME or file:/path');
  const where = reference.slice(reference.indexOf(':') + 1);
  return {
    name: reference,
    read: reference.startsWith('env:')
      ? () => variable(reference, environment[where])
      : () => file(reference, where),
  };
}

/** A secret that is at hand and never changes, e.g. one of a test. */
export function secretOf(value: string): Secret {
  return { name: 'a given value', read: () => value };
}

function variable(reference: string, value: string | undefined): string {
  if (!value) throw new SecretUnreadable(reference, 'the variable is not set');
  return value;
}

function file(reference: string, path: string): string {
  let content: string;
  try {
    content = readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const { code = 'unreadable' } = error as { readonly code?: string };
    throw new SecretUnreadable(reference, code);
  }
  if (content === '') throw new SecretUnreadable(reference, 'the file is empty');
  return content;
}
