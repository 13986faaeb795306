import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordMetrics, type RecordedMetrics } from '@tenantry/testing';
import { DataSource } from 'typeorm';
import { LifecycleHarness } from '../testing/lifecycle-harness.js';
import { ClusterMetrics } from './cluster-metrics.js';
import { ClusterReadModel } from './cluster.read-model.js';

describe('the metrics of clusters', () => {
  let control: LifecycleHarness;
  let recorded: RecordedMetrics;
  let metrics: ClusterMetrics;
  beforeAll(async () => {
    control = await LifecycleHarness.start();
    recorded = recordMetrics();
    metrics = new ClusterMetrics(new ClusterReadModel(control.part(DataSource)));
    metrics.onApplicationBootstrap();
  });
  afterAll(async () => {
    metrics.beforeApplicationShutdown();
    await recorded.stop();
    await control.stop();
  });

  const tenants = (isolation: string) =>
    recorded.value('tenantry_cluster_tenants', { cluster: 'default', isolation });
  const capacity = (isolation: string) =>
    recorded.value('tenantry_cluster_capacity', { cluster: 'default', isolation });

  it('are what is there, and what is taken while it is open', async () => {
    await control.create({ isolation: 'schema' });
    await control.create({ isolation: 'schema' });
    expect(await Promise.all(['pooled', 'schema', 'database'].map(tenants))).toEqual([0, 2, 0]);
    expect(await capacity('schema')).toBe(Infinity);
    await control.rows(`UPDATE tenantry.cluster SET capacity = '{"schema": 5}'`);
    expect(await Promise.all(['pooled', 'schema'].map(capacity))).toEqual([Infinity, 5]);
    await control.rows("UPDATE tenantry.cluster SET state = 'draining'");
    expect([await tenants('schema'), await capacity('schema')]).toEqual([2, 0]);
  });
});
