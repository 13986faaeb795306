import type { Logger } from 'pino';
import { requestPath, type HttpRequest, type HttpResponse, type NextFunction } from './http-message.js';

const PROBES = new Set(['/livez', '/readyz', '/healthz']);

/** Express middleware: one line per answered request, at debug for probes. The query string is left out: it may hold personal data. */
export function requestLog(logger: Logger) {
  return (request: HttpRequest, response: HttpResponse, next: NextFunction): void => {
    const startedAt = performance.now();
    response.once('close', () => {
      const path = requestPath(request);
      const fields = {
        method: request.method,
        path,
        route: request.route?.path,
        status: response.statusCode,
        aborted: !response.writableFinished,
        durationMs: Math.round(performance.now() - startedAt),
      };
      if (PROBES.has(path)) logger.debug(fields, 'request completed');
      else logger.info(fields, 'request completed');
    });
    next();
  };
}
