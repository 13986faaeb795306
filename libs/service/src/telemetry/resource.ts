import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
  type Resource,
} from '@opentelemetry/resources';

/**
 * Whose telemetry it is: `service.name`, `service.namespace`, `service.version` and a `service.instance.id` of this process, unless
 * OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES says otherwise, or more, such as `deployment.environment.name`.
 */
export function resourceOf({
  service,
  version,
}: {
  readonly service: string;
  readonly version: string;
}): Resource {
  return defaultResource()
    .merge(
      resourceFromAttributes({
        'service.name': service,
        'service.namespace': 'tenantry',
        'service.version': version,
      }),
    )
    .merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] }));
}
