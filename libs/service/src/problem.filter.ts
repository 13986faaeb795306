import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { DomainError, type SafeFields } from '@tenantry/kernel';
import type { Logger } from 'pino';
import { allowedMethods, type RoutedApplication } from './allowed-methods.js';
import { requestPath, type HttpRequest, type HttpResponse } from './http-message.js';
import { PROBLEM_MEDIA_TYPE, type Problem } from './problem.js';
import {
  SERVICE_PROBLEMS,
  problemType,
  type ProblemCatalogue,
  type ProblemEntry,
  type ServiceProblemCode,
} from './problem-catalogue.js';
import { requestContextOf } from './request-context.js';
import { MethodNotAllowed } from './request-errors.js';
import { isUnavailable } from './unavailable.js';

interface Answer {
  readonly code: string;
  readonly entry: ProblemEntry;
  readonly detail: string;
  readonly fields: SafeFields;
}

const CODE_OF_STATUS: Readonly<Record<number, ServiceProblemCode>> = {
  400: 'bad-request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not-found',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
  503: 'unavailable',
};

/** The one place where errors become answers. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  /**
   * @param catalogue the app's own codes; ours are always known.
   * @param application tells which methods a path has, for 405.
   */
  constructor(
    private readonly catalogue: ProblemCatalogue,
    private readonly logger: Logger,
    private readonly application: RoutedApplication,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<HttpRequest>();
    const response = http.getResponse<HttpResponse>();
    const { code, entry, detail, fields } = this.answerFor(error, request);
    if (entry.status >= 500 && code !== 'not-ready')
      this.logger.error({ err: error, code }, 'request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { requestId, traceId } = requestContextOf(request);
    const standard: Problem = {
      type: problemType(code),
      title: entry.title,
      status: entry.status,
      detail,
      instance: requestPath(request),
      code,
      requestId,
      traceId,
    };
    // Twice: the first fixes the order in which people read it, the second lets no field displace a standard member.
    const problem: Problem = { ...standard, ...fields, ...standard };
    response.statusCode = entry.status;
    for (const [name, value] of Object.entries(entry.headers?.(fields) ?? {}))
      response.setHeader(name, value);
    response.setHeader('Content-Type', PROBLEM_MEDIA_TYPE);
    response.end(JSON.stringify(problem));
  }

  private answerFor(error: unknown, request: HttpRequest): Answer {
    if (error instanceof DomainError) return this.answerForDomainError(error);
    if (error instanceof HttpException) return this.answerForHttpException(error, request);
    if (isUnavailable(error))
      return this.own('unavailable', 'Something this service depends on cannot be reached; try again.');
    return this.own('internal-error', 'Something went wrong on our side; report the traceId.');
  }

  private answerForDomainError(error: DomainError): Answer {
    const entries: ProblemCatalogue = { ...SERVICE_PROBLEMS, ...this.catalogue };
    const entry = entries[error.code];
    // A code that nobody catalogued is a mistake of ours, and its text was not written for callers.
    if (!entry) return this.own('internal-error', 'Something went wrong on our side; report the traceId.');
    return { code: error.code, entry, detail: error.message, fields: error.fields };
  }

  private answerForHttpException(error: HttpException, request: HttpRequest): Answer {
    const status = error.getStatus();
    if (status === 404 && request.route === undefined) return this.answerForUnknownRoute(request);
    if (status >= 500 && status !== 503)
      return this.own('internal-error', 'Something went wrong on our side; report the traceId.');
    const code = CODE_OF_STATUS[status] ?? 'request-refused';
    const entry = { ...SERVICE_PROBLEMS[code], status };
    return { code, entry, detail: error.message, fields: {} };
  }

  private answerForUnknownRoute(request: HttpRequest): Answer {
    const allowed = allowedMethods(this.application, request.path);
    if (allowed.length > 0) return this.answerForDomainError(new MethodNotAllowed(allowed));
    return this.own('route-not-found', 'There is nothing at this path; see /docs for what there is.');
  }

  private own(code: ServiceProblemCode, detail: string): Answer {
    return { code, entry: SERVICE_PROBLEMS[code], detail, fields: {} };
  }
}
