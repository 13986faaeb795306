import { readFile } from 'node:fs/promises';
import { UnusableAudit } from './audit-options.js';

/**
 * A URL, or where one is: `env:NAME` or `file:/path`, so that a password is in no list of processes.
 *
 * @throws UnusableAudit, which never holds what was read.
 */
export async function resolveUrl(
  option: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const url = (await contentOf(option, text, environment)).trim();
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw new UnusableAudit(
      `${option} is no URL of a database (postgres://…), nor env:NAME or file:/path of one`,
    );
  return url;
}

async function contentOf(
  option: string,
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const [, kind, place] = /^(env|file):(.*)$/s.exec(text) ?? [];
  if (kind === undefined || place === undefined) return text;
  if (kind === 'env') {
    const value = environment[place];
    if (!value) throw new UnusableAudit(`${option} names the variable ${place}, which is not set`);
    return value;
  }
  try {
    return await readFile(place, 'utf8');
  } catch {
    throw new UnusableAudit(`${option} names the file ${place}, which cannot be read`);
  }
}
