import { AsyncLocalStorage } from 'node:async_hooks';

/** The hold of the request being served on its caller's Idempotency-Key. */
export interface IdempotencyClaim {
  readonly caller: string;
  readonly key: string;
  /** Which request holds the key; a later one that took over has another. */
  readonly claim: string;
  /** What the first request's command came to; absent while this request is the one to do it. */
  readonly replay?: { readonly result: unknown };
}

const claims = new AsyncLocalStorage<IdempotencyClaim>();

/** Runs the rest of a request under its claim. */
export function withClaim<T>(claim: IdempotencyClaim, work: () => Promise<T>): Promise<T> {
  return claims.run(claim, work);
}

/** The claim of the request being served; `undefined` without an Idempotency-Key, and outside of requests. */
export function currentClaim(): IdempotencyClaim | undefined {
  return claims.getStore();
}
