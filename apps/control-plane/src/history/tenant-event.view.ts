/** One event of a tenant's history, as it was published. */
export interface TenantEventView {
  readonly id: string;
  readonly type: string;
  /** Its place among the tenant's events: from 1, without gaps but for where the epoch was raised. */
  readonly tenantSeq: number;
  readonly generation: number;
  readonly occurredAt: string;
  readonly traceparent: string | null;
  readonly data: Record<string, unknown>;
}
