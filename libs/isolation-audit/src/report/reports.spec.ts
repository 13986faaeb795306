import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import addFormats from 'ajv-formats';
import { EXAMPLE_REPORT } from '../testing/example-report.js';
import { humanReport } from './human.js';
import { sarifReport } from './sarif.js';

describe('the report for people', () => {
  it('says what, where, what can happen, what mends it, and how far it could see', () => {
    const lines = humanReport(EXAMPLE_REPORT).split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'SEVERITY  HOLE  PROBE    OBJECT',
      'CRITICAL  1     rls-off  table app."Odd name"',
      "    Every query of the application reads every tenant's rows.",
      '    ALTER TABLE app."Odd name" ENABLE ROW LEVEL SECURITY;',
      '7 more findings of serial-ids are not listed.',
      '',
      'shop on PostgreSQL 18.4, as shop_app (nobody was named: --app-role): 1 found (1 critical).',
    ]);
    const rest = lines.slice(7);
    expect(rest[0]).toContain('bug-safe, not injection-safe');
    expect(rest).toContain('No longer allowed since 2025-01-01: rls-off app.*.');
    expect(rest).toContain('Allowed and not found: rls-of app.x.');
    expect(rest).toContain('Allowed: serial-ids app.invoice.number (printed on paper, until 2027-01-01).');
    expect(rest).toContain('Not run: it takes a restored copy: --restored (#23).');
    expect(rest.join('\n')).toContain('this login does not see it');
  });
});

describe('the report as SARIF', () => {
  const schema = JSON.parse(
    readFileSync(
      createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json'),
      'utf8',
    ),
  );
  const ajv = new Ajv.default({ strict: false, allErrors: true, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const sarif = sarifReport(EXAMPLE_REPORT) as { runs: { results: Record<string, unknown>[] }[] };

  it('is valid', () => {
    validate(sarif);
    expect(validate.errors).toBeNull();
    expect(validate({ ...sarif, version: '3' })).toBe(false);
    expect(validate({ ...EXAMPLE_REPORT, findings: [], allowed: [] })).toBe(false);
    validate(sarifReport({ ...EXAMPLE_REPORT, findings: [], allowed: [] }));
    expect(validate.errors).toBeNull();
  });

  it('has what is allowed as suppressed, with the reason', () => {
    const [open, allowed] = sarif.runs[0]!.results;
    expect(open).toMatchObject({ ruleId: 'rls-off', level: 'error', ruleIndex: 0 });
    expect(open).not.toHaveProperty('suppressions');
    expect(allowed).toMatchObject({
      ruleId: 'serial-ids',
      level: 'note',
      suppressions: [{ kind: 'external', justification: 'printed on paper' }],
    });
  });
});
