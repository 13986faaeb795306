export { ROLES, roleCovers, type Actor, type Role } from './actor.js';
export { ApiKeyGuard, type ApiKeyAuthenticator } from './api-key.guard.js';
export { apiKeyId, apiKeyMatches, hashApiKey, isApiKeyHash, newApiKey, type NewApiKey } from './api-key.js';
export { ApiProblems } from './api-problems.decorator.js';
export { decodeCursor, encodeCursor } from './cursor.js';
export { Drain } from './drain.js';
export {
  ConfigError,
  env,
  readConfig,
  type ConfigOf,
  type Environment,
  type Variable,
} from './environment.js';
export { IfMatch, etagOf } from './etag.js';
export { type HealthFinding, type HealthReport } from './health-report.js';
export { HealthModule, type HealthOptions } from './health.module.js';
export {
  DEFAULT_BODY_LIMIT_BYTES,
  configureHttpApp,
  createHttpApp,
  type HttpAppOptions,
} from './http-app.js';
export type { HttpRequest, HttpResponse } from './http-message.js';
export { ApiIfMatch, OptionalIfMatch, RequiredIfMatch } from './if-match.decorator.js';
export { KAFKA_VARIABLES, kafkaSettings, type KafkaConfig, type KafkaSettings } from './kafka-variables.js';
export { addLogFields, currentLogFields, withLogFields, type LogFields } from './log-context.js';
export { LOG_LEVELS, createLogger, loggingModule, type LogLevel } from './logger.js';
export {
  parseMetricsPort,
  startMetrics,
  type MetricsOptions,
  type ServedMetrics,
} from './telemetry/metrics.js';
export { startTelemetry, stopTelemetry } from './telemetry/telemetry.js';
export { Omittable } from './omittable.decorator.js';
export { buildOpenApiDocument, type OpenApiInfo } from './openapi.js';
export { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT, PageQuery, pageDto, pageOf, type Page } from './page.js';
export {
  SERVICE_PROBLEMS,
  problemType,
  type ProblemCatalogue,
  type ProblemEntry,
  type ServiceProblemCode,
} from './problem-catalogue.js';
export { FieldErrorDto, ProblemDto } from './problem.dto.js';
export {
  PROBLEM_MEDIA_TYPE,
  pointerToken,
  type FieldError,
  type Problem,
  type RequestPart,
} from './problem.js';
export { printOpenApi } from './print-openapi.js';
export type { ReadinessCheck } from './readiness-check.js';
export { currentActor, currentRequestContext, type RequestContext } from './request-context.js';
export {
  Forbidden,
  InvalidRequest,
  MalformedJson,
  MethodNotAllowed,
  NotFound,
  NotReady,
  PayloadTooLarge,
  PreconditionFailed,
  PreconditionRequired,
  Unauthenticated,
  UnsupportedMediaType,
} from './request-errors.js';
export { Public, RequireRole } from './require-role.decorator.js';
export { ResourceId } from './resource-id.pipe.js';
export { isUnavailable } from './unavailable.js';
export { runMain, runService, type RunServiceOptions } from './run-service.js';
export { HTTP_BOUNDS } from './http-bounds.js';
export { StartingServer, type StartingServerOptions } from './starting-server.js';
export { MIGRATE_VARIABLES, untilDatabaseIsThere } from './migrate-variables.js';
export { SHUTDOWN_VARIABLES } from './shutdown-variables.js';
export { isSaneText } from './text-sanity.js';
// What the author of a service needs of the kernel: services are written with the kit, the contracts and this.
export { DomainError, armCrashPoint, isUuid, newId } from '@tenantry/kernel';
export type { Logger } from 'pino';
