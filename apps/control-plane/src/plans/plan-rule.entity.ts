import type { Isolation } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

/** Where and how new tenants of a plan are placed. A plan without a row has no rule: any model, any cluster. */
@Entity({ schema: 'tenantry', name: 'plan_rule' })
export class PlanRule {
  @PrimaryColumn('text') plan: string;
  /** The models that its tenants may have; the first when none is asked for. Never empty. */
  @Column('text', { array: true }) isolations: Isolation[];
  /** What a cluster must be labelled with to take them. */
  @Column('jsonb', { name: 'cluster_labels' }) clusterLabels: Record<string, string>;
  @Column('bigint', { transformer: bigintAsNumber }) version: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
