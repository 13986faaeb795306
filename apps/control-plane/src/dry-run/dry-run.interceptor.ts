import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { InvalidRequest, pointerToken, type HttpRequest, type HttpResponse } from '@tenantry/service';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { DryRun, asDryRun } from './dry-run.js';
import { dryRunAnswer, type DryRunAnswer } from './dry-run-answer.js';

export const MUTATING_METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
export const DRY_RUN_PARAMETER = 'dryRun';

/** These would lead to what is not there. */
const HEADERS_OF_THE_REAL_ANSWER = ['Location', 'Retry-After', 'ETag'];

/**
 * Makes `?dryRun=true` work on every route that changes something: the handler runs as it always does, inside of a
 * {@link DryRun}, and its answer becomes the `result` of what would have happened. Refusals pass as they are.
 *
 * Global, so that no route can be without it; in front of everything that a route's own interceptors do.
 */
@Injectable()
export class DryRunInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    if (!MUTATING_METHODS.some((method) => method === request.method) || !takeDryRun(request))
      return next.handle();
    return from(this.serve(http.getResponse<HttpResponse>(), next));
  }

  private async serve(response: HttpResponse, next: CallHandler): Promise<DryRunAnswer> {
    const dryRun = new DryRun();
    const result: unknown = await asDryRun(dryRun, () =>
      lastValueFrom(next.handle(), { defaultValue: undefined }),
    );
    for (const header of HEADERS_OF_THE_REAL_ANSWER) response.removeHeader(header);
    response.statusCode = 200;
    return dryRunAnswer(dryRun.notes, result);
  }
}

/**
 * Reads the parameter and takes it out of the query, so that the route's own query need not declare it. Whatever looks
 * like it and isn't is refused: the one who wrote it did not mean the request to be executed.
 */
function takeDryRun(request: HttpRequest): boolean {
  const { [DRY_RUN_PARAMETER]: value, ...others } = request.query;
  const misspelt = Object.keys(others).find((name) => /dry[^a-z]*run/i.test(name));
  if (misspelt !== undefined) throw refusal(misspelt, `is not a parameter; write ${DRY_RUN_PARAMETER}=true`);
  if (value === undefined) return false;
  if (value !== 'true' && value !== 'false') throw refusal(DRY_RUN_PARAMETER, 'must be true or false, once');
  // Express computes the query anew at each reading.
  Object.defineProperty(request, 'query', { value: others, configurable: true });
  return value === 'true';
}

function refusal(name: string, detail: string): InvalidRequest {
  return new InvalidRequest([{ in: 'query', pointer: pointerToken(name), detail }]);
}
