import { describe, expect, it } from '@jest/globals';
import { unmarkedContractions } from '@tenantry/database';
import { CONTROL_PLANE_MIGRATIONS } from './index.js';

/** From before the first release: there was no release that they could have broken. */
const BEFORE_THE_FIRST_RELEASE: readonly string[] = [
  'control-plane-0002-participants-and-operators',
  'control-plane-0003-sequenced-audit',
  'control-plane-0007-scans-anew',
  'control-plane-0011-parked-facts',
  'messaging-0003-history-by-month',
  'messaging-0004-relay-members',
  'control-plane-0012-placement',
];

describe('the control plane’s migrations', () => {
  it('only add, or say what they take away (docs/adr/0031)', () => {
    const later = CONTROL_PLANE_MIGRATIONS.filter(({ name }) => !BEFORE_THE_FIRST_RELEASE.includes(name));
    expect(unmarkedContractions(later)).toEqual([]);
  });
});
