import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

export const CLUSTER_STATES = ['open', 'draining', 'closed'] as const;
export type ClusterState = (typeof CLUSTER_STATES)[number];

/** A Postgres server that tenants can be placed on; data planes resolve its name to credentials, this row never holds any. */
@Entity({ schema: 'tenantry', name: 'cluster' })
export class Cluster {
  @PrimaryColumn('text') name: string;
  @Column('text') region: string;
  @Column('text') state: ClusterState;
  @Column('bigint', { transformer: bigintAsNumber }) version: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
