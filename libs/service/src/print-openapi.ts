import { NestFactory } from '@nestjs/core';
import { buildOpenApiDocument, type OpenApiInfo } from './openapi.js';

/**
 * Writes a module's OpenAPI document to standard output as indented JSON. The module is only looked at, never
 * instantiated: no provider is made, nothing is connected, no configuration is needed.
 */
export async function printOpenApi(
  module: Parameters<typeof NestFactory.create>[0],
  info: OpenApiInfo,
): Promise<void> {
  const app = await NestFactory.create(module, { preview: true, logger: false, abortOnError: false });
  process.stdout.write(`${JSON.stringify(buildOpenApiDocument(app, info), null, 2)}\n`);
}
