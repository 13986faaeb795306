import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '@tenantry/kernel';
import { kitDatabase, recordMetrics, type KitDatabase, type RecordedMetrics } from '@tenantry/testing';
import { Pool } from 'pg';
import { ParkedMetrics } from './parked-metrics.js';

describe('ParkedMetrics', () => {
  let database: KitDatabase;
  let pool: Pool;
  let metrics: RecordedMetrics;

  beforeAll(async () => {
    database = await kitDatabase();
    pool = new Pool({ connectionString: database.provisionerUrl, max: 2 });
    metrics = recordMetrics();
  });

  afterAll(async () => {
    await metrics.stop();
    await pool.end();
    await database.drop();
  });

  async function park(group: string, tenantId: string, ...seqs: number[]): Promise<void> {
    for (const seq of seqs)
      await pool.query(
        `INSERT INTO tenantry.parked_fact (grp, tenant_id, tenant_seq, event_id, type) VALUES ($1, $2, $3, 'e', 't')`,
        [group, tenantId, seq],
      );
  }

  it('counts tenants, not facts, of each group, and says so when there are none', async () => {
    const parked = new ParkedMetrics(pool, 'billing');
    parked.start();
    const tenants = (group: string) => metrics.value('tenantry_parked_tenants', { group });
    expect(await tenants('billing')).toBe(0);
    await park('billing', newId(), 3, 4, 5);
    await park('billing', newId(), 9);
    await park('billing.search', newId(), 1);
    expect([await tenants('billing'), await tenants('billing.search')]).toEqual([2, 1]);
    parked.stop();
  });
});
