import type { Envelope, FactType, Payload, StateRecord } from '@tenantry/contracts';
import type { SqlExecutor } from '@tenantry/database';
import type { LifecycleEnvelope } from '../transport.js';

/** Applies one fact through `sql`, whose transaction also holds the position: both happen or neither. */
export type FactApplier<T extends FactType> = (
  event: Envelope<T, Payload<T>>,
  sql: SqlExecutor,
) => Promise<void>;
export type FactAppliers = { readonly [T in FactType]?: FactApplier<T> };

/** Makes what is derived from a tenant's facts anew from its state record, through `sql`, after facts were missed, or before the first. */
export type StateReload = (record: StateRecord, sql: SqlExecutor) => Promise<void>;

/** Applies a fact whose data was checked against its type's schema; does nothing for a type without an applier. */
export async function applyFactTx(
  facts: FactAppliers,
  event: LifecycleEnvelope,
  { type, data }: { readonly type: FactType; readonly data: unknown },
  sql: SqlExecutor,
): Promise<void> {
  // The type system cannot follow the lookup.
  const apply = facts[type] as FactApplier<FactType> | undefined;
  await apply?.({ ...event, type, data: data as Payload<FactType> }, sql);
}
