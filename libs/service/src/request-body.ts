import type { NestExpressApplication } from '@nestjs/platform-express';
import { InvalidRequest, MalformedJson, PayloadTooLarge, UnsupportedMediaType } from './request-errors.js';
import type { HttpRequest, HttpResponse, NextFunction } from './http-message.js';
import { hasMalformedTarget } from './request-target.js';
import { findInsaneText, isSaneText } from './text-sanity.js';

const METHODS_WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
const JSON_TYPE = /^application\/json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

function takesBody(request: HttpRequest): boolean {
  return METHODS_WITH_BODY.has(request.method ?? '');
}

function hasBody(request: HttpRequest): boolean {
  if (request.headers['transfer-encoding'] !== undefined) return true;
  return Number(request.headers['content-length'] ?? 0) > 0;
}

/** Translates what the body parser raises into our own errors. */
function translated(error: unknown, limitBytes: number): unknown {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new PayloadTooLarge(limitBytes);
    case 'encoding.unsupported':
    case 'charset.unsupported':
      return new UnsupportedMediaType();
    case 'entity.parse.failed':
    case 'request.size.invalid':
      return new MalformedJson({ cause: error });
    default:
      return error;
  }
}

/** Express middleware: 415 for a body of POST, PUT or PATCH that does not say it is JSON in UTF-8. */
export function requireJson(request: HttpRequest, _response: HttpResponse, next: NextFunction): void {
  const acceptable =
    !takesBody(request) || !hasBody(request) || JSON_TYPE.test(request.headers['content-type'] ?? '');
  next(acceptable ? undefined : new UnsupportedMediaType());
}

/**
 * Reads JSON bodies of POST, PUT and PATCH: 413 over `limitBytes` (after decompression too), 400 for what is not
 * JSON. Other methods' bodies are ignored. Goes behind {@link requireJson}.
 */
export function useJsonBody(app: NestExpressApplication, limitBytes: number): void {
  const type = (request: HttpRequest): boolean => takesBody(request) && hasBody(request);
  app.useBodyParser('json', { limit: limitBytes, strict: true, type });
  app.use((error: unknown, _request: HttpRequest, _response: HttpResponse, next: NextFunction) =>
    next(translated(error, limitBytes)),
  );
}

/** Refuses targets that are no URL, and text that no store could hold, wherever it is: path, query or body. */
export function sanityCheck(request: HttpRequest, _response: HttpResponse, next: NextFunction): void {
  if (hasMalformedTarget(request))
    return next(new InvalidRequest([{ in: 'path', pointer: '', detail: 'must be a path or an http URL' }]));
  let path: string;
  try {
    path = decodeURIComponent(request.path);
  } catch {
    return next(
      new InvalidRequest([{ in: 'path', pointer: '', detail: 'must be valid percent-encoded UTF-8' }]),
    );
  }
  const errors = [...findInsaneText('query', request.query), ...findInsaneText('body', request.body)];
  if (!isSaneText(path))
    errors.unshift({ in: 'path', pointer: '', detail: 'must not contain NUL characters' });
  next(errors.length > 0 ? new InvalidRequest(errors) : undefined);
}
