import { describe, expect, it } from '@jest/globals';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ALL_CASES } from './cases/all-cases.js';
import { commandLine, HELP, listOfCases } from './command-line.js';
import { settingsOf, UnusableOptions } from './conformance-options.js';
import { selectedCases } from './run-conformance.js';

const DOCUMENT = path.join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'conformance.md');

describe('the command line', () => {
  it('reads what it is given', async () => {
    const file = path.join(tmpdir(), `tenantry-conformance-${process.pid}.env`);
    await writeFile(file, 'A=1\nB="two words"\n');
    const { options, json } = await commandLine(
      `--participant billing --kafka-brokers k:9092 --timeout PT2S --recovery PT1M --isolation pooled,schema,database --capabilities provision,purge --seed 7 --kills 0 --json --env-file ${file}`.split(
        ' ',
      ),
    );
    await rm(file);
    expect(json).toBe(true);
    expect(settingsOf(options)).toMatchObject({
      participant: 'billing',
      timeoutMs: 2_000,
      recoveryMs: 60_000,
      isolations: ['pooled', 'schema', 'database'],
      capabilities: ['provision', 'purge'],
      seed: 7,
      kills: 0,
      burst: 50,
      env: { A: '1', B: 'two words' },
    });
  });

  it.each([
    ['--timeout soon', '--timeout must be an ISO 8601 duration'],
    ['--seed -1', 'ambiguous'],
    ['--kills many', '--kills must be a whole number'],
    ['--isolation galaxy', 'it may name pooled, schema, database'],
    ['--capabilities provision,fly', '"fly"'],
    ['--env-file /nowhere/at/all', '--env-file cannot be read'],
    ['--probe-url http://localhost/state', '{tenantId}'],
    ['--probe true --probe-url http://localhost/{tenantId}', 'either --probe or --probe-url'],
    ['--colour red', '--colour'],
  ])('refuses %s', async (args, reason) => {
    const asked = commandLine(args.split(' '));
    await expect(asked).rejects.toThrow(UnusableOptions);
    await expect(asked).rejects.toThrow(reason);
  });

  it.each([
    [{ participant: 'Billing', kafkaBrokers: 'k:9092' }, "not a participant's name"],
    [{ participant: 'billing' }, 'either Kafka brokers or the URL'],
    [{ participant: 'billing', kafkaBrokers: 'k:9092', embeddedUrl: 'postgres://x/y' }, 'either'],
    [{ participant: 'billing', embeddedUrl: 'nowhere' }, 'is not a URL'],
    [{ participant: 'billing', embeddedUrl: 'postgres://x/y', topicPrefix: 'p' }, 'for Kafka'],
  ])('refuses %j', (options, reason) => {
    expect(() => settingsOf(options)).toThrow(reason);
  });

  it('knows the cases by name', () => {
    expect(selectedCases(['sigterm', 'burst']).map(({ id }) => id)).toEqual(['burst', 'sigterm']);
    expect(() => selectedCases(['burst', 'bust'])).toThrow('no such case: bust');
    for (const { id, expects } of ALL_CASES) expect(listOfCases()).toContain(`${id}\n    ${expects}`);
    expect(new Set(ALL_CASES.map(({ id }) => id)).size).toBe(ALL_CASES.length);
  });

  it('is documented with every case and every option', async () => {
    const document = await readFile(DOCUMENT, 'utf8');
    for (const { id } of ALL_CASES) expect(document).toContain(`\`${id}\``);
    const options = HELP.match(/--[a-z][a-z-]+/g) ?? [];
    expect(options.length).toBeGreaterThan(20);
    for (const option of options) expect(document).toContain(option);
  });
});
