import { Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { ISOLATIONS } from '@tenantry/contracts';
import { GaugeGroup } from '@tenantry/messaging';
import { ClusterReadModel } from './cluster.read-model.js';

/**
 * Shows how many tenants of each model are on each cluster, and how many it takes: `tenantry_cluster_tenants` and
 * `tenantry_cluster_capacity`, which is infinite without a limit and 0 where no new tenants are taken. Read whenever metrics are.
 */
@Injectable()
export class ClusterMetrics implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly gauges: GaugeGroup<'tenantry_cluster_tenants' | 'tenantry_cluster_capacity'>;

  constructor(clusters: ClusterReadModel) {
    this.gauges = new GaugeGroup({
      meter: '@tenantry/control-plane',
      gauges: {
        tenantry_cluster_tenants: { description: 'Tenants that have a place on the cluster, by model.' },
        tenantry_cluster_capacity: {
          description:
            'How many tenants of the model the cluster takes: +Inf without a limit, 0 while it is not open.',
        },
      },
      read: async (observe) => {
        for (const cluster of await clusters.all()) {
          const open = cluster.state === 'open';
          for (const isolation of ISOLATIONS) {
            const labels = { cluster: cluster.name, isolation };
            observe('tenantry_cluster_tenants', cluster.tenants[isolation], labels);
            observe(
              'tenantry_cluster_capacity',
              open ? (cluster.capacity[isolation] ?? Infinity) : 0,
              labels,
            );
          }
        }
      },
      freshMs: 0,
    });
  }

  onApplicationBootstrap(): void {
    this.gauges.start();
  }

  beforeApplicationShutdown(): void {
    this.gauges.stop();
  }
}
