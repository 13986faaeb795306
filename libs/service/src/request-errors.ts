import { DomainError } from '@tenantry/kernel';
import type { FieldError } from './problem.js';
import type { ServiceProblemCode } from './problem-catalogue.js';

/** An error that this library, or a controller, raises about a request; its code is in {@link SERVICE_PROBLEMS}. */
abstract class RequestError extends DomainError {
  abstract override readonly code: ServiceProblemCode;
}

/** 400: values of the request break its schema. */
export class InvalidRequest extends RequestError {
  readonly code = 'validation-failed';
  readonly errors: readonly FieldError[];

  constructor(errors: readonly FieldError[], message = 'See errors for what is wrong and where.') {
    super(message, { errors });
    this.errors = errors;
  }
}

/** 401: no credential, or none that we know. Which of the two is not told. */
export class Unauthenticated extends RequestError {
  readonly code = 'unauthenticated';

  constructor() {
    super('Send a valid API key as "Authorization: Bearer <key>".');
  }
}

/** 403: known, but not allowed to do this. */
export class Forbidden extends RequestError {
  readonly code = 'forbidden';
}

/** 404: there is no such resource, or the caller may not know that there is. */
export class NotFound extends RequestError {
  readonly code = 'not-found';

  /** @param what the kind of resource, e.g. `project`; the answer is the same for every id. */
  constructor(what: string) {
    super(`There is no such ${what}.`);
  }
}

/** 405: the path exists, but not with this method. */
export class MethodNotAllowed extends RequestError {
  readonly code = 'method-not-allowed';

  constructor(allowed: readonly string[]) {
    super(`This path answers ${allowed.join(', ')}.`, { allowed });
  }
}

/** 413: the body is longer than the limit in bytes. */
export class PayloadTooLarge extends RequestError {
  readonly code = 'payload-too-large';

  constructor(limitBytes: number) {
    super(`The body may be ${limitBytes} bytes long.`, { limitBytes });
  }
}

/** 415: the body is something else than JSON in UTF-8. */
export class UnsupportedMediaType extends RequestError {
  readonly code = 'unsupported-media-type';

  constructor() {
    super('Send the body as "Content-Type: application/json" in UTF-8.');
  }
}

/** 400: the body says it is JSON and is not. */
export class MalformedJson extends RequestError {
  readonly code = 'malformed-json';

  constructor(options?: ErrorOptions) {
    super('The body could not be parsed as a JSON object or array.', {}, options);
  }
}

/** 412: the given If-Match names another version than the current one. */
export class PreconditionFailed extends RequestError {
  readonly code = 'precondition-failed';

  /** @param currentEtag and `current` are shown to the caller, who may read the resource anyway. */
  constructor(currentEtag?: string, current: Readonly<Record<string, string>> = {}) {
    super('The resource is at another version than If-Match names; read it again and decide anew.', {
      ...current,
      ...(currentEtag === undefined ? {} : { currentEtag }),
    });
  }
}

/** 428: a request that has to carry If-Match does not. */
export class PreconditionRequired extends RequestError {
  readonly code = 'precondition-required';

  constructor() {
    super('Send If-Match with the ETag of the version that you have read.');
  }
}

/** 503: the process should get no requests now. */
export class NotReady extends RequestError {
  readonly code = 'not-ready';
}
