import { pageDto } from '@tenantry/service';
import { ApiProperty } from '@nestjs/swagger';
import type { TenantEventView } from './tenant-event.view.js';

export class TenantEventDto implements TenantEventView {
  @ApiProperty({ format: 'uuid' }) id: string;
  @ApiProperty({ example: 'tenant.suspended.v1' }) type: string;
  @ApiProperty({
    type: 'integer',
    description: 'Its place among the tenant’s events: each follows the one before, but after a restore.',
  })
  tenantSeq: number;
  @ApiProperty({ type: 'integer' }) generation: number;
  @ApiProperty({ format: 'date-time' }) occurredAt: string;
  @ApiProperty({ type: String, nullable: true }) traceparent: string | null;
  @ApiProperty({ type: 'object', additionalProperties: true }) data: Record<string, unknown>;
}

export class TenantEventPageDto extends pageDto(TenantEventDto) {}
