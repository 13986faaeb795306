import 'reflect-metadata';
import { createLogger, printOpenApi } from '@tenantry/service';
import { APP_INFO } from './app-info.js';
import { AppModule } from './app.module.js';
import { readServeConfig } from './config.js';

// Prints the API's OpenAPI document (npm run generate). Nothing is connected: the module is only looked at, so the
// configuration has merely to be well-formed.
const config = readServeConfig({
  DATABASE_URL: 'postgres://nobody@localhost/none',
  PROVISIONER_DATABASE_URL: 'postgres://nobody@localhost/none',
  EMBEDDED_TRANSPORT_URL: 'postgres://nobody@localhost/none',
});

await printOpenApi(
  AppModule.forRoot(config, createLogger({ service: 'openapi', level: 'silent' })),
  APP_INFO,
);
