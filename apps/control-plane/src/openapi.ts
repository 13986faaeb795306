import 'reflect-metadata';
import { createLogger, printOpenApi } from '@tenantry/service';
import { APP_INFO } from './app-info.js';
import { AppModule } from './app.module.js';
import { loadConfig } from './config.js';

// Prints the API's OpenAPI document (npm run generate). Nothing is connected: the module is only looked at.
const config = loadConfig({ DATABASE_URL: 'postgres://localhost/none' });

await printOpenApi(
  AppModule.forRoot(config, createLogger({ service: 'openapi', level: 'silent' }), {
    api: true,
    worker: false,
    relay: false,
  }),
  APP_INFO,
);
