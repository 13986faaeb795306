import { DomainError } from '@tenantry/kernel';

/** What is known of what a participant holds: how many tenants, and the first of them. */
export interface Holdings {
  readonly count: number;
  readonly tenants: readonly { readonly id: string; readonly slug: string }[];
}

/** It would be left with data that nobody asks it to destroy, or to close. */
export class ParticipantHoldsTenants extends DomainError {
  readonly code = 'participant-holds-tenants';
  constructor(name: string, what: string, next: string, { count, tenants }: Holdings) {
    const some = tenants.map(({ slug }) => slug).join(', ');
    const others = count > tenants.length ? ' and others' : '';
    super(
      `${what}: "${name}" holds ${count} ${count === 1 ? 'tenant' : 'tenants'} (${some}${others}). ${next}`,
      { count, tenants, href: `/v1/participants/${name}/tenants` },
    );
  }
}

/** Forcing has to be confirmed by typing the name. */
export class RetirementUnconfirmed extends DomainError {
  readonly code = 'confirmation-required';
  constructor() {
    super('force=true has to be confirmed: repeat the request with confirm=<the participant’s name>.', {
      errors: [{ in: 'query', pointer: '/confirm', detail: 'must be the participant’s name' }],
    });
  }
}

/** What was typed is not this participant's name. */
export class RetirementMisconfirmed extends DomainError {
  readonly code = 'confirmation-wrong';
  constructor() {
    super('confirm is not the name of this participant, so perhaps another one is meant. Nothing was done.', {
      errors: [{ in: 'query', pointer: '/confirm', detail: 'must be this participant’s name' }],
    });
  }
}
