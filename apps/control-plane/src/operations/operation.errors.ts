import type { OperationState } from '@tenantry/contracts';
import { DomainError } from '@tenantry/kernel';
import type { OperationAction, TaskAction } from './operator-rules.js';

/** What an operator asked for is not possible in the operation's state. */
export class OperationActionRefused extends DomainError {
  readonly code = 'operation-action-refused';
  constructor(action: OperationAction | TaskAction, why: string, state: OperationState) {
    super(`"${action}" is not possible: ${why}. Read the tenant's explanation for what is.`, { state });
  }
}
