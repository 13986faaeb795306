import { DomainError } from '@tenantry/kernel';

/** Another request with the same key has not ended yet, or took over from this one. */
export class IdempotencyKeyInFlight extends DomainError {
  readonly code = 'idempotency-key-in-flight';

  constructor(retryAfterSeconds = 1) {
    super(
      'A request with this Idempotency-Key is still being worked on. Send the same request again to get its answer.',
      { retryAfterSeconds },
    );
  }
}

/** The same key came with another method, path, query or body. */
export class IdempotencyKeyReused extends DomainError {
  readonly code = 'idempotency-key-reused';

  constructor() {
    super(
      'This Idempotency-Key was used for another request within the last 24 hours. Use a new key for a new request.',
    );
  }
}
