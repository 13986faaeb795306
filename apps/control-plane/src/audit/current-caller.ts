import { currentActor, currentRequestContext } from '@tenantry/service';
import type { Caller } from './caller.js';

/** The caller of the request being served. @throws Unauthenticated outside of one. */
export function currentCaller(): Caller {
  const context = currentRequestContext();
  return {
    actor: currentActor().id,
    ...(context ? { requestId: context.requestId, traceparent: context.traceparent } : {}),
  };
}
