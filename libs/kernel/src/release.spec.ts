import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { RELEASE, compareVersions } from './release.js';

describe('the release', () => {
  it('is the version of the packages, and serves beside itself or an older one', () => {
    const file = path.resolve(import.meta.dirname, '..', '..', '..', 'package.json');
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    expect(RELEASE.version).toBe(version);
    expect(compareVersions(RELEASE.servesFrom, RELEASE.version)).toBeLessThanOrEqual(0);
  });

  it.each([
    ['0.1.0', '0.1.0', 0],
    ['0.9.0', '0.10.0', -1],
    ['1.0.0', '0.99.99', 1],
    ['1.2.3-rc.1', '1.2.3', 0],
  ])('%s against %s', (a, b, sign) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});
