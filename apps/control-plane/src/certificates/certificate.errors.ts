import { DomainError } from '@tenantry/kernel';

/** There is no certificate yet; what it waits for is said. */
export class CertificateNotReady extends DomainError {
  readonly code = 'certificate-not-ready';

  constructor(waitsFor: string, state: string) {
    super(`There is no deletion certificate yet: ${waitsFor}`, { waitsFor, state });
  }
}

/** What a scan found of a tenant that everybody says is destroyed. */
export interface Remnants {
  readonly tables: readonly unknown[];
  readonly schemas: readonly unknown[];
  readonly databases: readonly unknown[];
  readonly roles: readonly unknown[];
}

/** The purge failed, so that nobody can certify it; what is left is named. */
export class CertificateRefused extends DomainError {
  readonly code = 'certificate-refused';

  constructor(participant: string, error: string, verifies: boolean, found: Remnants) {
    const what = verifies
      ? `the independent scan of ${participant} failed`
      : `${participant} could not purge the tenant`;
    super(
      `The destruction of this tenant is not certified, because ${what}: ${error}. Remove what is left, then POST /v1/operations/{id}/retry.`,
      { participant, error, ...found },
    );
  }
}
