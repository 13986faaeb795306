import { DomainError } from '@tenantry/kernel';

/** Without an administrator's key nobody could make another one, so one without an expiry stays. */
export class LastAdminKey extends DomainError {
  readonly code = 'last-admin-key';

  constructor() {
    super(
      'This is the last admin key that is not revoked and never expires. Create another one first: POST /v1/api-keys with the role admin and no expiresAt.',
    );
  }
}
