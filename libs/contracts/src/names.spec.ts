import { describe, expect, it } from '@jest/globals';
import { ISOLATIONS } from './lifecycle-vocabulary.js';
import { TENANT_SCHEMA_PATTERN, placeNames, tenantSchemaPrefix } from './names.js';

const TENANT = '0199F2A4-7c1e-7a30-8f54-3d6a0f9b2c11';
const OWN = 't_0199f2a47c1e7a308f543d6a0f9b2c11_primary';

describe("the names of a tenant's place", () => {
  it.each([
    ['pooled', null, 'pooled_primary'],
    ['schema', null, OWN],
    ['database', OWN, 'pooled_primary'],
  ] as const)('follow from the model %s', (isolation, database, schema) => {
    expect(placeNames(isolation, TENANT, 'primary')).toEqual({ database, schema });
  });

  it('are short enough for Postgres, and the tenant is seen in its own', () => {
    for (const isolation of ISOLATIONS) {
      const { database, schema } = placeNames(isolation, TENANT, 's'.repeat(20));
      const own = isolation === 'pooled' ? [] : [database ?? schema];
      for (const name of [database ?? '', schema]) expect(Buffer.byteLength(name)).toBeLessThan(64);
      for (const name of own) {
        expect(name).toMatch(new RegExp(TENANT_SCHEMA_PATTERN));
        expect(name.startsWith(tenantSchemaPrefix(TENANT))).toBe(true);
      }
    }
  });
});
