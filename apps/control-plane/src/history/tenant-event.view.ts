/** One event of a tenant's history, as it was published. */
export interface TenantEventView {
  readonly id: string;
  readonly type: string;
  /** Its place among the tenant's events: without gaps, from 1. */
  readonly tenantSeq: number;
  readonly generation: number;
  readonly occurredAt: string;
  readonly traceparent: string | null;
  readonly data: Record<string, unknown>;
}
