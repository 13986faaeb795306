import { DomainError } from '@tenantry/kernel';

/** The audit entry could not be written, so nothing else was either: no entry, no mutation. */
export class AuditUnavailable extends DomainError {
  readonly code = 'audit-unavailable';

  constructor(cause: unknown) {
    super(
      'The audit log cannot be written, so the request was refused and nothing was changed. Reading still works; try again once the log is repaired.',
      {},
      { cause },
    );
  }
}

/** There is nothing yet that an export could be verified by. */
export class NoCheckpointYet extends DomainError {
  readonly code = 'no-checkpoint-yet';

  constructor() {
    super(
      'The audit log has no signed checkpoint yet, so an export could not be verified. A worker signs the first one soon after the first entry; try again in a minute.',
    );
  }
}
