import type { TenantState } from '@tenantry/contracts';
import { DomainError } from '@tenantry/kernel';
import { allowedActions, type LifecycleAction } from './tenant.js';

/** The same answer for a tenant that never was and for one that the caller may not know of. */
export class TenantNotFound extends DomainError {
  readonly code = 'tenant-not-found';
  constructor() {
    super('There is no such tenant. List them with GET /v1/tenants, or look one up with ?slug=.');
  }
}

export class SlugTaken extends DomainError {
  readonly code = 'slug-taken';
  constructor(slug: string, cause?: unknown) {
    super(
      `The slug "${slug}" is taken; a slug stays with its tenant even after a purge. Choose another one.`,
      { errors: [{ in: 'body', pointer: '/slug', detail: 'is taken' }] },
      { cause },
    );
  }
}

/** A grace period under the installation's minimum has to be confirmed by typing the slug. */
export class ConfirmationRequired extends DomainError {
  readonly code = 'confirmation-required';
  constructor(minimum: string) {
    const detail = 'must be the tenant’s slug';
    super(
      `A grace period under ${minimum} has to be confirmed: repeat the request with confirm=<the tenant's slug>.`,
      {
        errors: [{ in: 'query', pointer: '/confirm', detail }],
      },
    );
  }
}

/** What was typed is not this tenant's slug. */
export class ConfirmationWrong extends DomainError {
  readonly code = 'confirmation-wrong';
  constructor() {
    super('confirm is not the slug of this tenant, so perhaps another one is meant. Nothing was done.', {
      errors: [{ in: 'query', pointer: '/confirm', detail: 'must be this tenant’s slug' }],
    });
  }
}

export class IllegalTransition extends DomainError {
  readonly code = 'illegal-transition';
  constructor(action: LifecycleAction, state: TenantState) {
    const allowed = allowedActions(state);
    const next = allowed.length > 0 ? `Allowed now: ${allowed.join(', ')}.` : 'Nothing is allowed any more.';
    super(`"${action}" is not possible: the tenant is ${state}. ${next}`, { state, allowed });
  }
}

export class TenantPurged extends DomainError {
  readonly code = 'tenant-purged';
  constructor(state: TenantState) {
    super(`The tenant is ${state} and cannot be changed any more.`, { state });
  }
}

export class NoDeletionScheduled extends DomainError {
  readonly code = 'no-deletion-scheduled';
  constructor() {
    super('No deletion is scheduled for this tenant.');
  }
}

export class AlreadyPaused extends DomainError {
  readonly code = 'already-paused';
  constructor() {
    super('Automation is paused for this tenant already. Resume it with POST …/resume.');
  }
}

export class NotPaused extends DomainError {
  readonly code = 'not-paused';
  constructor() {
    super('Automation is not paused for this tenant, so there is nothing to resume.');
  }
}

/** A legal hold comes too late: it protects from a purge, and one is under way or over. */
export class PurgeHasBegun extends DomainError {
  readonly code = 'purge-has-begun';
  constructor(state: TenantState) {
    super(`The tenant is ${state}: its purge has begun, and a legal hold cannot stop it any more.`, {
      state,
    });
  }
}

export class NoLegalHold extends DomainError {
  readonly code = 'no-legal-hold';
  constructor() {
    super('No legal hold is placed on this tenant.');
  }
}
