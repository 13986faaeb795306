export { newId, isUuid } from './ids.js';
export { MAX_DURATION_MS, parseDurationMs, formatDurationMs } from './duration.js';
export { DomainError, type SafeFields } from './domain-error.js';
export { backoffMs, type Backoff } from './backoff.js';
export { armCrashPoint, crashPoint } from './crash-point.js';
export { RELEASE, compareVersions, type Release } from './release.js';
