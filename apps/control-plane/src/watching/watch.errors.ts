import { DomainError } from '@tenantry/kernel';

const RETRY_AFTER_S = 10;

/** This process streams to as many clients as it may. */
export class TooManyWatchers extends DomainError {
  readonly code = 'too-many-watchers';
  constructor(maxWatchers: number) {
    super(
      `This process streams to ${maxWatchers} clients already. Try again later, or read GET /v1/tenants/{id}/explain.`,
      { retryAfterSeconds: RETRY_AFTER_S },
    );
  }
}
