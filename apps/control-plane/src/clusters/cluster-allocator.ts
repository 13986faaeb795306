import type { Isolation } from '@tenantry/contracts';
import { Injectable } from '@nestjs/common';
import type { Tx } from '../database/unit-of-work.js';
import {
  inOrder,
  refusalOf,
  whyChosen,
  type Candidate,
  type ClusterRefusal,
  type Wanted,
} from './choose-cluster.js';
import { ClusterUsageStore } from './cluster-usage.store.js';

/** Where a tenant goes, and why there and nowhere else. */
export interface Allocation {
  readonly cluster: string;
  readonly why: string;
  /** The clusters of the region that could not take it. */
  readonly refused: readonly ClusterRefusal[];
}

/** No cluster of the region can take the tenant. */
export interface NowhereToGo {
  readonly cluster: undefined;
  readonly refused: readonly ClusterRefusal[];
}

export interface TenantToPlace {
  readonly id: string;
  readonly region: string;
  readonly plan: string;
  readonly isolation: Isolation;
}

/** Gives every tenant its cluster, once, and takes it back when the tenant is purged. ADR 0025. */
@Injectable()
export class ClusterAllocator {
  constructor(private readonly usage: ClusterUsageStore) {}

  /** Chooses a cluster and takes a place on it; nothing is written where none can take the tenant. */
  async allocateTx(
    tx: Tx,
    tenant: TenantToPlace,
    clusterLabels: Readonly<Record<string, string>>,
  ): Promise<Allocation | NowhereToGo> {
    const { id, region, plan, isolation } = tenant;
    const wanted = { isolation, plan, clusterLabels };
    const { able, refused } = judge(await this.usage.candidatesTx(tx, region, isolation), wanted);
    for (const { name } of inOrder(able)) {
      const allocation = await this.tryTx(tx, id, name, wanted);
      if (!('refusal' in allocation)) {
        const why = whyChosen(allocation, wanted, able.length);
        return { cluster: name, why, refused };
      }
      refused.push(allocation.refusal);
    }
    return { cluster: undefined, refused };
  }

  /** The tenant's cluster; `undefined` when it has none, since it is from before clusters were given out at creation. */
  ofTenantTx(tx: Tx, tenantId: string): Promise<string | undefined> {
    return this.usage.ofTenantTx(tx, tenantId);
  }

  /** Counts a tenant where its routes are, whatever the capacity, unless it is counted. */
  adoptTx(tx: Tx, tenantId: string, cluster: string, isolation: Isolation): Promise<void> {
    return this.usage.takeTx(tx, tenantId, cluster, isolation);
  }

  /** Gives a purged tenant's place back. */
  releaseTx(tx: Tx, tenantId: string): Promise<void> {
    return this.usage.leaveTx(tx, tenantId);
  }

  /** Judges the cluster once more, now that nobody changes it, and takes the place; what refuses keeps no lock. */
  private async tryTx(
    tx: Tx,
    tenantId: string,
    name: string,
    wanted: Wanted,
  ): Promise<Candidate | { refusal: ClusterRefusal }> {
    await tx.sql.query('SAVEPOINT allocation');
    const candidate = await this.usage.lockTx(tx, name, wanted.isolation);
    const refusal = refusalOf(candidate, wanted);
    if (refusal) {
      // With the locks of a full cluster held, two creations that try the same ones in another order would wait for each other.
      await tx.sql.query('ROLLBACK TO SAVEPOINT allocation');
      return { refusal };
    }
    await this.usage.takeTx(tx, tenantId, name, wanted.isolation);
    await tx.sql.query('RELEASE SAVEPOINT allocation');
    return candidate;
  }
}

function judge(
  candidates: readonly Candidate[],
  wanted: Wanted,
): { able: Candidate[]; refused: ClusterRefusal[] } {
  const able: Candidate[] = [];
  const refused: ClusterRefusal[] = [];
  for (const candidate of candidates) {
    const refusal = refusalOf(candidate, wanted);
    if (refusal) refused.push(refusal);
    else able.push(candidate);
  }
  return { able, refused };
}
