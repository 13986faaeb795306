import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UnusableAudit } from './audit-options.js';
import { commandLine, HELP } from './command-line.js';
import { HOLES } from './holes.js';
import { AUDIT_EXIT, main } from './main.js';
import { CATALOGUE_PROBES } from './probes/all-probes.js';

const URL_OF = 'postgres://root:s3cret@db.example/shop';
const DOCUMENT = path.join(import.meta.dirname, '..', '..', '..', 'docs', 'isolation-audit.md');

describe('the command line', () => {
  const read = (line: string, environment = {}) => commandLine(line.split(' ').filter(Boolean), environment);

  it('reads what it is given, over the file, over the defaults', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-audit-'));
    const config = path.join(folder, 'audit.json');
    const secret = path.join(folder, 'url');
    await writeFile(secret, `${URL_OF}\n`);
    await writeFile(
      config,
      JSON.stringify({
        appRoles: ['old'],
        globalTables: ['currency'],
        requireInjectionSafe: true,
        allow: [{ probe: 'rls-off', object: 'x', reason: 'r' }],
      }),
    );
    const line = await read(
      `--url env:ROOT --as file:${secret} --config ${config} --app-role app --tenant-column account --fail-on high --format sarif`,
      { ROOT: URL_OF },
    );
    await rm(folder, { recursive: true });
    expect(line).toMatchObject({ failOn: 'high', format: 'sarif', help: false });
    expect(line.request).toMatchObject({
      url: URL_OF,
      asUrl: URL_OF,
      appRoles: ['app'],
      tenantColumns: ['account'],
      globalTables: ['currency'],
      requireInjectionSafe: true,
      allow: [{ probe: 'rls-off', object: 'x', reason: 'r' }],
    });
    expect(line.request).not.toHaveProperty('tenantSchemas');
  });

  it.each([
    ['', 'say what to audit'],
    ['--url nowhere', '--url is no URL'],
    ['--url env:NOT_SET', 'the variable NOT_SET, which is not set'],
    ['--url file:/no/such/file', 'cannot be read'],
    [`--url ${URL_OF} --config /no/such/file`, 'cannot be read'],
    [`--url ${URL_OF} --format xml`, '--format may be table, json, sarif'],
    [`--url ${URL_OF} --fail-on never`, '--fail-on may be critical'],
    [`--url ${URL_OF} --probe-writes`, 'give --as too'],
    [`--url ${URL_OF} --suggest`, '--tenant <uuid>'],
    [`--url ${URL_OF} --suggest --tenant 0190a1b2-0000-7000-8000-000000000001`, '--app-role, once'],
    [`--url ${URL_OF} --out there`, 'go with --suggest'],
    ['--colour red', '--colour'],
  ])('refuses %s', async (line, reason) => {
    const asked = read(line);
    await expect(asked).rejects.toThrow(UnusableAudit);
    await expect(asked).rejects.toThrow(reason);
    await expect(asked).rejects.not.toThrow('s3cret');
  });

  it.each([
    ['[]', 'is no JSON object'],
    ['{', 'is no JSON object'],
    ['{"colour": "red"}', 'an unknown field, colour'],
    ['{"globalTables": "currency"}', 'globalTables in'],
    ['{"allow": [{"probe": "rls-off"}]}', 'allow[0] needs'],
  ])('refuses a file with %s', async (text, reason) => {
    const file = path.join(tmpdir(), `tenantry-audit-${process.pid}.json`);
    await writeFile(file, text);
    await expect(read(`--url ${URL_OF} --config ${file}`)).rejects.toThrow(reason);
    await rm(file);
  });

  it('ends with 2, and says why without the password, where it cannot look', async () => {
    const written = { out: '', err: '' };
    const stream = (name: 'out' | 'err') => ({ write: (text: string) => (written[name] += text) });
    const status = await main(['--url', 'postgres://root:s3cret@127.0.0.1:1/shop'], {
      out: stream('out'),
      err: stream('err'),
      environment: {},
    });
    expect(status).toBe(AUDIT_EXIT.failed);
    expect(written).toEqual({ out: '', err: expect.stringContaining('the audit failed') });
    expect(written.err).not.toContain('s3cret');
  });

  it('is documented with every option, hole and probe', async () => {
    const document = await readFile(DOCUMENT, 'utf8');
    for (const option of HELP.match(/--[a-z][a-z-]+/g) ?? []) expect(document).toContain(option);
    for (const { number, title } of HOLES) expect(document).toContain(`| ${number} | ${title} |`);
    for (const { id } of CATALOGUE_PROBES) expect(document).toContain(`\`${id}\``);
  });
});
