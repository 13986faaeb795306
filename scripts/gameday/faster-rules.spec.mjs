import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { FLOOR_SECONDS, KEPT_AGES, faster, fasterExpression, fasterGroups } from './faster-rules.mjs';

describe('rules for a game day', () => {
  it.each([
    ['1h', '30000ms'],
    ['15m', '7500ms'],
    ['3d', '2160000ms'],
    ['5m', '6000ms'],
    ['30s', '6000ms'],
  ])('shorten %s to %s', (duration, shortened) => expect(faster(duration)).toBe(shortened));

  it('shorten windows and what ages are compared with, and nothing else', () => {
    expect(fasterExpression('rate(a_total{x="[5m]y"}[30m]) > 14')).toBe(
      'rate(a_total{x="[6000ms]y"}[15000ms]) > 14',
    );
    expect(fasterExpression('max by (x) (a_oldest_age_seconds) > 7200\n')).toBe(
      'max by (x) (a_oldest_age_seconds) > 60\n',
    );
    expect(fasterExpression('max(tenantry_participant_last_seen_age_seconds) > 300')).toBe(
      `max(tenantry_participant_last_seen_age_seconds) > ${KEPT_AGES.tenantry_participant_last_seen_age_seconds}`,
    );
  });

  it('shorten every alert that there is, none to less than its floor', () => {
    const folder = new URL('../../deploy/alerts/', import.meta.url);
    const alerts = readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .flatMap((name) => parse(readFileSync(new URL(name, folder), 'utf8')).groups)
      .flatMap(({ rules }) => rules.filter(({ alert }) => alert));
    expect(alerts.length).toBeGreaterThan(20);
    for (const alert of alerts) {
      const [shortened] = fasterGroups([{ rules: [alert] }])[0].rules;
      expect(Number.parseInt(shortened.for)).toBeGreaterThanOrEqual(FLOOR_SECONDS * 1000);
      if (/_age_seconds/.test(alert.expr)) expect(shortened.expr).not.toBe(alert.expr);
    }
  });
});
