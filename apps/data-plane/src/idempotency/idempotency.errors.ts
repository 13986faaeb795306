import { DomainError } from '@tenantry/service';

export type IdempotencyErrorCode = 'idempotency-key-in-flight' | 'idempotency-key-reused';

/** Another request with the same key has not ended yet. */
export class IdempotencyKeyInFlight extends DomainError {
  readonly code = 'idempotency-key-in-flight' satisfies IdempotencyErrorCode;

  constructor(options?: ErrorOptions) {
    super(
      'A request with this Idempotency-Key is still being worked on. Send it again to get its answer.',
      {},
      options,
    );
  }
}

/** The same key came with another method, path or body. */
export class IdempotencyKeyReused extends DomainError {
  readonly code = 'idempotency-key-reused' satisfies IdempotencyErrorCode;

  constructor() {
    super(
      'This Idempotency-Key was used for another request within the last 24 hours. Use a new key for a new request.',
    );
  }
}
