import { NestFactory } from '@nestjs/core';
import { buildOpenApiDocument, type OpenApiInfo } from './openapi.js';

/**
 * Writes an app's OpenAPI document to standard output as indented JSON. The module is only looked at, never
 * instantiated (no provider is made, so nothing is connected), but its dependencies must be resolvable.
 */
export async function printOpenApi(
  module: Parameters<typeof NestFactory.create>[0],
  info: OpenApiInfo,
): Promise<void> {
  const app = await NestFactory.create(module, { preview: true, logger: false, abortOnError: false });
  process.stdout.write(`${JSON.stringify(buildOpenApiDocument(app, info), null, 2)}\n`);
}
