import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { render } from './chart.js';
import { MATRIX } from './matrix.js';
import { containersOf, podTemplates } from './objects.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const SOURCES = ['apps/control-plane/src', 'apps/data-plane/src', 'libs/service/src'];
/** How a schema of configuration names a variable. */
const DECLARED = /(?:env\.\w+(?:<[^>]*>)?\(\s*|urlOrFile\(|connections\()'([A-Z][A-Z0-9_]+)'/g;
/** What no value sets, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  KAFKA_SASL_PASSWORD: 'the password is in a file, which is read again for every connection',
  MIGRATE_WAIT: 'a Job is tried again',
  TENANTRY_CRASH_AT: 'for failure tests alone',
};

/** What the processes read, by where it is declared. */
async function declared(): Promise<string[]> {
  const names = new Set<string>();
  for (const source of SOURCES) {
    const files = await readdir(path.join(ROOT, source), { recursive: true });
    for (const file of files.filter((one) => one.endsWith('.ts') && !one.endsWith('.spec.ts'))) {
      const text = await readFile(path.join(ROOT, source, file), 'utf8');
      for (const [, name = ''] of text.matchAll(DECLARED)) names.add(name);
    }
  }
  return [...names].sort();
}

describe('the variables that processes read', () => {
  let set: Set<string>;
  let read: string[];
  beforeAll(async () => {
    read = await declared();
    set = new Set();
    for (const installed of Object.values(MATRIX))
      for (const [, template] of podTemplates(await render(installed)))
        for (const { env = [] } of containersOf(template)) for (const { name } of env) set.add(name);
  }, 120_000);

  it('are found', () => {
    expect(read).toEqual(
      expect.arrayContaining(['DATABASE_URL', 'SIGNING_KEY', 'KAFKA_BROKERS', 'CONTEXT_SIGNING']),
    );
    expect(read.length).toBeGreaterThan(50);
  });

  it('can each be set by a value, or are left out for a reason', () => {
    expect(read.filter((name) => !set.has(name))).toEqual(Object.keys(LEFT_OUT).sort());
  });

  it('are all that is set, beside what others read', () => {
    const others = /^(OTEL_|POD_NAME(SPACE)?$|TRANSPORT_URL_\d+$|URLS$|TZ$)/;
    expect([...set].filter((name) => !read.includes(name) && !others.test(name))).toEqual([]);
  });
});
