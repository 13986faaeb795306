import { DomainError } from '@tenantry/kernel';

/** More tenants match than the caller was ready for. */
export class BulkCapExceeded extends DomainError {
  readonly code = 'bulk-cap-exceeded';

  constructor(matched: number, cap: number, maximum: number) {
    super(
      `${matched} tenants have these labels, and the cap is ${cap}. Nothing was done. Narrow the labels, or raise cap (at most ${maximum}).`,
      { matched, cap },
    );
  }
}
