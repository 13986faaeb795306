import { currentActor, currentRequestContext } from '@tenantry/service';
import type { Caller } from './caller.js';

/** Who sent the request being served. @throws Unauthenticated outside of an authenticated request. */
export function currentCaller(): Caller {
  const context = currentRequestContext();
  return {
    actor: currentActor().id,
    ...(context && { requestId: context.requestId, traceparent: context.traceparent }),
  };
}
