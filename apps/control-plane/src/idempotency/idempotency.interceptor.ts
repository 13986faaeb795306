import { createHash } from 'node:crypto';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { InvalidRequest, currentActor, type HttpRequest, type HttpResponse } from '@tenantry/service';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { currentDryRun } from '../dry-run/dry-run.js';
import { withClaim, type IdempotencyClaim } from './idempotency-claim.js';
import { IdempotencyStore } from './idempotency.store.js';

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;

/** Claims the Idempotency-Key of a request, where it has one, around everything behind the guard. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly store: IdempotencyStore) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const key = keyOf(request);
    // A dry run does nothing that a second request could do again.
    if (key === undefined || currentDryRun()) return next.handle();
    const claim = await this.store.claim({
      caller: currentActor().id,
      key,
      fingerprint: fingerprintOf(request),
    });
    if (claim.replay) http.getResponse<HttpResponse>().setHeader('Idempotency-Replayed', 'true');
    return from(this.serve(claim, next));
  }

  private async serve(claim: IdempotencyClaim, next: CallHandler): Promise<unknown> {
    try {
      return await withClaim(claim, () => lastValueFrom(next.handle(), { defaultValue: undefined }));
    } catch (error) {
      // Refused or failed: nothing was done, or it is stored. A failing release leaves the claim to its time limit.
      if (!claim.replay) await this.store.release(claim).catch(() => undefined);
      throw error;
    }
  }
}

function keyOf(request: HttpRequest): string | undefined {
  const header = request.headers['idempotency-key'];
  if (header === undefined) return undefined;
  if (typeof header === 'string' && KEY.test(header)) return header;
  throw new InvalidRequest([
    { in: 'header', pointer: '/Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' },
  ]);
}

function fingerprintOf(request: HttpRequest): string {
  const identity = [
    request.method,
    request.originalUrl,
    request.headers['if-match'] ?? null,
    request.body ?? null,
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex');
}
