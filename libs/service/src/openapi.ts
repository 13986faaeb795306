import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { problemResponse } from './api-problems.decorator.js';
import { closeRequestSchemas } from './close-request-schemas.js';
import { ProblemDto } from './problem.dto.js';
import { BEARER_SCHEME } from './require-role.decorator.js';

/** What the OpenAPI document says about itself. */
export interface OpenApiInfo {
  readonly title: string;
  readonly description: string;
  readonly version: string;
  /** What the app's document has beyond its controllers' decorators; given the complete document. */
  readonly amend?: (document: OpenAPIObject) => void;
}

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
const METHODS = ['get', 'put', 'post', 'patch', 'delete'] as const;

/** The statuses that follow from what kind of route it is, rather than from what the route does. */
function impliedStatuses(operation: Operation): number[] {
  const secured = (operation.security ?? []).length > 0;
  return [400, ...(secured ? [401, 403] : []), ...(operation.requestBody ? [413, 415] : []), 500, 503];
}

function complete(operation: Operation): void {
  for (const status of impliedStatuses(operation)) operation.responses[status] ??= problemResponse(status);
}

/** The app's OpenAPI document, made from its controllers and completed with the problems that every route can answer. */
export function buildOpenApiDocument(app: INestApplication, info: OpenApiInfo): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle(info.title)
    .setDescription(info.description)
    .setVersion(info.version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key.' }, BEARER_SCHEME)
    .build();
  const document = SwaggerModule.createDocument(app, config, { extraModels: [ProblemDto] });
  const operations = Object.values(document.paths).flatMap((path) =>
    METHODS.flatMap((method) => path[method] ?? []),
  );
  operations.forEach(complete);
  closeRequestSchemas(
    document.components?.schemas ?? {},
    operations.map((operation) => operation.requestBody),
  );
  info.amend?.(document);
  return document;
}

/** Serves the document at `/openapi.json` and its interactive form at `/docs`. */
export function serveOpenApi(app: INestApplication, document: OpenAPIObject): void {
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json', raw: ['json'] });
}
