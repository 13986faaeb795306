import type { ObservedState } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

/** Where one participant last acknowledged that a tenant is. */
@Entity({ schema: 'tenantry', name: 'tenant_participant' })
export class TenantParticipant {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('text') participant: string;
  @Column('text') observed: ObservedState;
  @Column('bigint', { name: 'observed_generation', transformer: bigintAsNumber }) observedGeneration: number;
  /** The first generation whose state waits for this participant. */
  @Column('bigint', { name: 'counts_from', transformer: bigintAsNumber }) countsFrom: number;
}
