import { etagOf, type HttpResponse } from '@tenantry/service';
import type { Accepted } from './accepted.js';

/** How often it is worth asking for an operation, in seconds. */
const RETRY_AFTER_S = 1;

/** The headers of a 202: where the operation is, when to ask, and the tenant's version. */
export function answerAccepted(response: HttpResponse, accepted: Accepted): Accepted {
  response.setHeader('Location', `/v1/operations/${accepted.operation.id}`);
  response.setHeader('Retry-After', String(RETRY_AFTER_S));
  response.setHeader('ETag', etagOf(accepted.tenant.version));
  return accepted;
}
