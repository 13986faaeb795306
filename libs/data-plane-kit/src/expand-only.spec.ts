import { describe, expect, it } from '@jest/globals';
import { unmarkedContractions } from '@tenantry/database';
import { KIT_MIGRATIONS } from './kit-migrations.js';

/** From before the first release: there was no release that they could have broken. */
const BEFORE_THE_FIRST_RELEASE: readonly string[] = [
  'kit-0002-tenant-context',
  'kit-0005-context-signing',
  'kit-0010-cross-tenant',
  'kit-0015-tenant-databases',
];

describe('the kit’s migrations', () => {
  it('only add, or say what they take away (docs/adr/0031)', () => {
    const later = KIT_MIGRATIONS.filter(({ name }) => !BEFORE_THE_FIRST_RELEASE.includes(name));
    expect(unmarkedContractions(later)).toEqual([]);
  });
});
