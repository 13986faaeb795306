import { DomainError } from '@tenantry/kernel';

/** The codes of what cross-tenant access refuses; an application that offers it over HTTP maps them to statuses. */
export type SupportErrorCode = 'support-grant-unfit' | 'support-grant-over';

/** The grant lacks something, or asks for more than there can be. */
export class SupportGrantUnfit extends DomainError {
  readonly code: SupportErrorCode = 'support-grant-unfit';
  constructor(what: string) {
    super(what, {});
  }
}

/** The grant has expired, its `run` has ended, or it is not for this tenant or for writing. */
export class SupportGrantOver extends DomainError {
  readonly code: SupportErrorCode = 'support-grant-over';
  constructor(what: string, options?: ErrorOptions) {
    super(what, {}, options);
  }
}
