import { Module, type DynamicModule } from '@nestjs/common';
import { RouteCache } from '../route-cache.js';
import type { ServiceDefinition } from '../service-definition.js';
import { Tenants } from '../tenants.js';

/** Which transport brings the lifecycle and carries the answers. */
export type DataPlaneTransport =
  | { readonly kind: 'embedded'; /** The control plane's database, with this participant's own login. */ readonly url: string }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[]; /** Default: `tenantry`. */ readonly topicPrefix?: string };

export interface DataPlaneOptions {
  readonly service: ServiceDefinition;
  /** The login that serves. */
  readonly databaseUrl: string;
  /** The login that provisions, over a direct connection (no transaction pooler: it holds session locks). */
  readonly provisionerUrl: string;
  readonly transport: DataPlaneTransport;
  /** What the heartbeat names, e.g. the application's version. */
  readonly version: string;
  /** Connections that serve requests, at most. Default: 10. */
  readonly poolSize?: number;
  /** Called when the participant can never go on; the process should exit. Default: exit code 1 by SIGTERM to itself. */
  readonly onFatal?: (error: unknown) => void;
}

/** Provides `Tenants` and `RouteCache` everywhere, and runs the participant as long as the application runs. */
@Module({})
export class DataPlaneModule {
  static forRoot(_options: DataPlaneOptions): DynamicModule {
    return {
      module: DataPlaneModule,
      global: true,
      providers: [Tenants, RouteCache],
      exports: [Tenants, RouteCache],
    };
  }
}
