import { DomainError } from '@tenantry/kernel';

const RETRY_AFTER_S = 10;

/** This process streams to as many clients as it may, or to as many of one caller. */
export class TooManyWatchers extends DomainError {
  readonly code = 'too-many-watchers';
  constructor(count: number, whose: 'all' | 'you' = 'all') {
    super(
      `This process streams to ${count} clients${whose === 'you' ? ' of yours' : ''} already. Try again later, or read GET /v1/tenants/{id}/explain.`,
      { retryAfterSeconds: RETRY_AFTER_S },
    );
  }
}
