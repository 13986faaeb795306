import { metrics, ValueType } from '@opentelemetry/api';
import type { HttpRequest, HttpResponse, NextFunction } from './http-message.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT']);
/** Of the semantic conventions, in seconds. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Express middleware: how long each request took, by method, route and status; never by path, which holds ids. */
export function requestMetrics() {
  const duration = metrics.getMeter('@tenantry/service').createHistogram('http.server.request.duration', {
    description: 'Duration of HTTP server requests.',
    unit: 's',
    valueType: ValueType.DOUBLE,
    advice: { explicitBucketBoundaries: BOUNDARIES },
  });
  return (request: HttpRequest, response: HttpResponse, next: NextFunction): void => {
    const startedAt = performance.now();
    response.once('close', () => {
      const method = request.method ?? '';
      const route = request.route?.path;
      duration.record((performance.now() - startedAt) / 1000, {
        'http.request.method': METHODS.has(method) ? method : '_OTHER',
        'http.response.status_code': response.statusCode,
        ...(route !== undefined && { 'http.route': route }),
      });
    });
    next();
  };
}
