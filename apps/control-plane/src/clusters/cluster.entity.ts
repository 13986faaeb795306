import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';
import type { Capacity } from './capacity.js';

export const CLUSTER_STATES = ['open', 'draining', 'closed'] as const;
export type ClusterState = (typeof CLUSTER_STATES)[number];

/** A Postgres server that tenants can be placed on; data planes resolve its name to credentials, this row never holds any. */
@Entity({ schema: 'tenantry', name: 'cluster' })
export class Cluster {
  @PrimaryColumn('text') name: string;
  @Column('text') region: string;
  @Column('text') state: ClusterState;
  /** Its share of new tenants against that of others, 1 to 1000. */
  @Column('int') weight: number;
  /** What plans choose clusters by. */
  @Column('jsonb') labels: Record<string, string>;
  @Column('jsonb') capacity: Capacity;
  @Column('bigint', { transformer: bigintAsNumber }) version: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
