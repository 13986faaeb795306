import type { Access, Isolation } from '@tenantry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintAsNumber } from '../database/bigint.transformer.js';

@Entity({ schema: 'tenantry', name: 'route' })
export class Route {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId: string;
  @PrimaryColumn('text') store: string;
  @Column('text') isolation: Isolation;
  @Column('text') cluster: string;
  @Column('text', { name: 'database_name', nullable: true }) database: string | null;
  @Column('text', { name: 'schema_name', nullable: true }) schema: string | null;
  @Column('text') access: Access;
  @Column('bigint', { transformer: bigintAsNumber }) generation: number;
  @Column('bigint', { transformer: bigintAsNumber }) revision: number;
}
