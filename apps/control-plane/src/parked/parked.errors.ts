import { DomainError } from '@tenantry/kernel';
import type { ParkedState } from './recovery.js';

/** Nothing can be done about this parked fact now. */
export class ParkedFactActionRefused extends DomainError {
  readonly code = 'parked-fact-action-refused';

  constructor(reason: string, state: ParkedState) {
    super(reason, { state });
  }
}

/** The replay cannot be had: what it needs is gone, too much, or not there. */
export class ReplayRefused extends DomainError {
  readonly code = 'replay-refused';

  constructor(reason: string) {
    super(reason);
  }
}
