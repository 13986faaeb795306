import { describe, expect, it } from '@jest/globals';
import type { InspectedTopic } from '@tenantry/messaging';
import { judgeVersion } from './database-findings.js';
import { attempt, findingsOf, overallStatus, type Finding } from './finding.js';
import { kafkaFindings } from './kafka-findings.js';
import { judgePooler } from './pooler-finding.js';
import { printFindings } from './print-findings.js';

const STATE = 'tenantry.tenant.state.v1';
const GOOD = { partitions: 12, replicas: 3, cleanupPolicy: 'compact', minInsyncReplicas: 2 } as const;

/** What is found of a state topic among others that are as they should be. */
function stateTopic(found: InspectedTopic['found'], refused = false): readonly Finding[] {
  const others = ['a', 'b'].map((name): InspectedTopic => ({
    name,
    expectedPolicy: 'delete',
    found: { ...GOOD, cleanupPolicy: 'delete' },
  }));
  return kafkaFindings({
    brokers: 3,
    group: { name: 'tenantry._control-plane', refused },
    topics: [...others, { name: STATE, expectedPolicy: 'compact', found }],
  });
}

describe('findings', () => {
  it.each([
    ['15.13', 150_013, 'fail', '16 to 18'],
    ['16.9', 160_009, 'ok', undefined],
    ['18.4', 180_004, 'ok', undefined],
    ['19beta1', 190_000, 'warn', '16 to 18'],
  ])('PostgreSQL %s', (version, number, status, fix) => {
    const finding = judgeVersion(version, number);
    expect(finding).toMatchObject({ status, found: `PostgreSQL ${version}` });
    if (fix !== undefined) expect(finding.fix).toContain(fix);
  });

  it.each([
    ['none', 'on', 'ok', ''],
    ['session', 'on', 'ok', ''],
    ['transaction', 'off', 'ok', ''],
    ['transaction', 'on', 'warn', 'OUTBOX_NOTIFY=off'],
  ] as const)('a pooler in mode %s with OUTBOX_NOTIFY=%s', (mode, notify, status, fix) => {
    const finding = judgePooler(mode, notify);
    expect(finding.status).toBe(status);
    expect(finding.fix ?? '').toContain(fix);
  });

  it('a pooler that refuses a setting', () => {
    const finding = judgePooler('session', 'on', 'statement_timeout');
    expect(finding.status).toBe('fail');
    expect(finding.fix).toContain('ignore_startup_parameters');
  });

  it('are all well on brokers that are set up as documented, except what cannot be told', () => {
    const findings = stateTopic(GOOD);
    expect(findings.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'not-checked']);
    expect(findings.at(-1)!.found).toContain('docs/kafka.md');
  });

  it.each<[string, InspectedTopic['found'], string, string]>([
    ['is missing', undefined, 'warn', 'grant Create'],
    ['may not be described', { ...GOOD, cleanupPolicy: undefined }, 'fail', 'DescribeConfigs'],
    [
      'would lose tenants',
      { ...GOOD, cleanupPolicy: 'delete' },
      'fail',
      `--entity-name ${STATE} --add-config cleanup.policy=compact`,
    ],
    ['has other partitions', { ...GOOD, partitions: 6 }, 'fail', 'the same number for ever'],
    ['trusts one replica', { ...GOOD, minInsyncReplicas: 1 }, 'warn', 'min.insync.replicas=2'],
    ['can take nothing', { ...GOOD, replicas: 1 }, 'fail', 'min.insync.replicas=1'],
  ])('tell of a topic that %s', (_what, found, status, fix) => {
    const finding = stateTopic(found).find(({ check }) => check === `topic ${STATE}`)!;
    expect(finding.status).toBe(status);
    expect(finding.fix).toContain(fix);
  });

  it('tell of a group that may not be read', () => {
    const finding = stateTopic(GOOD, true).find(({ check }) => check === 'group')!;
    expect(finding).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('--group tenantry._control-plane'),
    });
  });

  it('are made of whatever goes wrong, and never reject', async () => {
    expect(await attempt('kafka', 'reach', () => Promise.reject(new Error('no such thing')))).toEqual([
      { area: 'kafka', check: 'reach', status: 'not-checked', found: 'it could not be told: no such thing' },
    ]);
  });

  it('are as bad as the worst, whatever could not be told', () => {
    const { ok, warn, fail, untold } = findingsOf('keys');
    const [good, fair, bad] = [ok('a', ''), warn('b', '', 'x'), fail('c', '', 'x')];
    expect(overallStatus([good, untold('d', '')])).toBe('ok');
    expect(overallStatus([good, fair])).toBe('warn');
    expect(overallStatus([fair, bad, good])).toBe('fail');
  });

  it('are printed one to a line, each with what to do', () => {
    const { ok } = findingsOf('database');
    const { fail } = findingsOf('participants');
    expect(
      printFindings([ok('version', 'PostgreSQL 18.4'), fail('billing', 'silent', 'look at its log')]),
    ).toBe(
      [
        'ok    database version      PostgreSQL 18.4',
        'FAIL  participants billing  silent',
        `${' '.repeat(28)}→ look at its log`,
        '',
      ].join('\n'),
    );
  });
});
