import type { LifecycleType, Payload } from '@tenantry/contracts';

/** A request or fact to be published with a change: its type and the payload that this type's schema describes. */
export type LifecycleEvent = {
  [T in LifecycleType]: { readonly type: T; readonly data: Payload<T> };
}[LifecycleType];
