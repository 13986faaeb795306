import type { PipeTransform } from '@nestjs/common';
import { isUuid } from '@tenantry/kernel';
import { NotFound } from './request-errors.js';

/** For ids in paths: what is no UUID names nothing, so it is answered like an id that is not there (404). */
export class ResourceId implements PipeTransform<string, string> {
  /** @param what the kind of resource, as for {@link NotFound}. */
  constructor(private readonly what: string) {}

  transform(value: string): string {
    if (!isUuid(value)) throw new NotFound(this.what);
    return value.toLowerCase();
  }
}
