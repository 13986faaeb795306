import { createHash } from 'node:crypto';
import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Tenants } from '@tenantry/data-plane-kit';
import { InvalidRequest, currentActor, type HttpRequest, type HttpResponse } from '@tenantry/service';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { tenantIdOf } from '../tenant-scoped.decorator.js';
import { IdempotencyStore, type KeyedAnswer, type KeyedRequest } from './idempotency.store.js';

/** 1 to 255 visible ASCII characters. */
const KEY = /^[\x21-\x7e]{1,255}$/;
const KEPT_HEADERS = ['Location', 'ETag'];

/**
 * Runs a request with an Idempotency-Key in one transaction of its tenant, which the handler's own `tenants.run` joins:
 * claim, effect and stored answer are one commit. A request without the header passes untouched.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly tenants: Tenants,
    private readonly store: IdempotencyStore,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<HttpRequest>();
    const response = context.switchToHttp().getResponse<HttpResponse>();
    const key = keyOf(request);
    if (key === undefined) return next.handle();
    const keyed = { caller: currentActor().id, key, fingerprint: fingerprintOf(request) };
    return from(this.once(tenantIdOf(request), keyed, response, next));
  }

  private once(
    tenantId: string,
    keyed: KeyedRequest,
    response: HttpResponse,
    next: CallHandler,
  ): Promise<unknown> {
    return this.tenants.run(tenantId, async (tx) => {
      const first = await this.store.claimTx(tx, keyed);
      if (first) return replay(first, response);
      const body: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      await this.store.answerTx(tx, keyed, { headers: headersOf(response), body: body ?? null });
      return body;
    });
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

function headersOf(response: HttpResponse): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = response.getHeader(name);
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function replay(answer: KeyedAnswer, response: HttpResponse): unknown {
  for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
  response.setHeader('Idempotency-Replayed', 'true');
  return answer.body ?? undefined;
}
