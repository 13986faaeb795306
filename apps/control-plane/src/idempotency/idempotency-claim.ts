import { AsyncLocalStorage } from 'node:async_hooks';

/** How long a claimant may be silent before another request takes over from it. */
export const LOCK_SECONDS = 60;

/** The hold of the request being served on its caller's Idempotency-Key. */
export interface IdempotencyClaim {
  readonly caller: string;
  readonly key: string;
  /** Which request holds the key; a later one that took over has another. */
  readonly claim: string;
  /** What the first request's command came to; absent while this request is the one to do it. */
  readonly replay?: { readonly result: unknown };
  /** Set while transactions of this request are parts of its work, and none of them is its answer. */
  readonly inSteps?: true;
}

const claims = new AsyncLocalStorage<IdempotencyClaim>();

/** Runs the rest of a request under its claim. */
export function withClaim<T>(claim: IdempotencyClaim, work: () => Promise<T>): Promise<T> {
  return claims.run(claim, work);
}

/**
 * Runs work of several transactions: each of them keeps the claim for another minute, and is refused where it is lost. The
 * request's answer is stored by a transaction after it.
 */
export function inSteps<T>(work: () => Promise<T>): Promise<T> {
  const claim = claims.getStore();
  return claim ? claims.run({ ...claim, inSteps: true }, work) : work();
}

/** The claim of the request being served; `undefined` without an Idempotency-Key, and outside of requests. */
export function currentClaim(): IdempotencyClaim | undefined {
  return claims.getStore();
}
