import type { Isolation } from '@tenantry/contracts';
import { DomainError } from '@tenantry/kernel';
import type { Tenants } from './capacity.js';
import type { ClusterRefusal } from './choose-cluster.js';

export class ClusterNameTaken extends DomainError {
  readonly code = 'cluster-name-taken';

  constructor(name: string) {
    super(
      `There is a cluster named "${name}" already. Choose another name, or change that one's state with PATCH.`,
      {
        errors: [{ in: 'body', pointer: '/name', detail: 'is taken' }],
      },
    );
  }
}

/** What would be another promise to the tenants that are there. */
export class ClusterInUse extends DomainError {
  readonly code = 'cluster-in-use';

  constructor(name: string, region: string, tenants: Tenants) {
    const total = Object.values(tenants).reduce((sum, count) => sum + count, 0);
    super(
      `Tenants of the region "${region}" are on the cluster "${name}" (${total}), so it cannot be in another one. Register another cluster for the other region.`,
      { tenants },
    );
  }
}

/** No cluster of the region can take another tenant of the model. */
export class NoClusterAvailable extends DomainError {
  readonly code = 'no-cluster-available';

  constructor(region: string, isolation: Isolation, refused: readonly ClusterRefusal[]) {
    const reasons = refused.map(({ detail }) => detail).join('; ') || 'there is none';
    super(
      `No cluster of the region "${region}" can take a tenant of the model ${isolation}: ${reasons}. Or register another one with POST /v1/clusters.`,
      { clusters: refused },
    );
  }
}
