import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { OpenAPIObject } from '@nestjs/swagger';
import { pgExecutor } from '@tenantry/database';
import {
  buildOpenApiDocument,
  HealthModule,
  configureHttpApp,
  createHttpApp,
  createLogger,
  loggingModule,
  newApiKey,
  type Problem,
  type Role,
} from '@tenantry/service';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { insertFirstAdminKeyTx } from '../api-keys/first-admin-key.js';
import { KeyAuthenticator } from '../api-keys/key-authenticator.js';
import { AuditModule } from '../audit/audit.module.js';
import { CertificatesModule } from '../certificates/certificates.module.js';
import { ClustersModule } from '../clusters/clusters.module.js';
import { CONTROL_PLANE_PROBLEMS } from '../control-plane.problems.js';
import { DatabaseModule } from '../database/database.module.js';
import { DoctorModule } from '../doctor/doctor.module.js';
import { documentDryRuns } from '../dry-run/document-dry-runs.js';
import type { ExaminedConfig } from '../doctor/examine.js';
import { DryRunModule } from '../dry-run/dry-run.module.js';
import { ExplainingModule } from '../explaining/explaining.module.js';
import { FleetModule } from '../fleet/fleet.module.js';
import { HistoryModule } from '../history/history.module.js';
import { IdempotencyModule } from '../idempotency/idempotency.module.js';
import { OperationsModule } from '../operations/operations.module.js';
import { ParkedModule } from '../parked/parked.module.js';
import { ParticipantsModule } from '../participants/participants.module.js';
import { PlansModule } from '../plans/plans.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { SigningModule } from '../signing/signing.module.js';
import { TelemetryModule } from '../telemetry/telemetry.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import type { WatchSettings } from '../watching/watch-settings.js';
import { WatchingModule } from '../watching/watching.module.js';
import { DocumentedAnswers } from './documented-answers.js';
import { LifecycleSettingsModule } from '../lifecycle-settings.module.js';
import { BACKOFF, LifecycleHarness } from './lifecycle-harness.js';

export interface Answer<B> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: B;
}

export interface Call {
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const INFO = { title: 'test', description: 'test', version: '0', amend: documentDryRuns };

/** What the doctor is to look at: no broker, and nothing to sign with. */
function examined({ serviceUrl: databaseUrl }: LifecycleHarness): ExaminedConfig {
  return { databaseUrl, kafka: undefined, outboxNotify: 'on', checkpointIntervalMs: 60_000 };
}

/** The REST API of a control plane over a database of its own, on a free port; `control` drives what is behind it. */
export class ApiHarness {
  private readonly documented: DocumentedAnswers;

  private constructor(
    readonly control: LifecycleHarness,
    readonly app: NestExpressApplication,
    readonly adminKey: string,
    readonly document: OpenAPIObject,
    private readonly url: string,
  ) {
    this.documented = new DocumentedAnswers(document);
  }

  static async start(
    participants?: readonly string[],
    watch: Partial<WatchSettings> = { maxWatchers: 6 },
  ): Promise<ApiHarness> {
    const control = await LifecycleHarness.start(participants);
    const first = newApiKey();
    await control.admin.query('BEGIN');
    await insertFirstAdminKeyTx(pgExecutor(control.admin), first.hash);
    await control.admin.query('COMMIT');
    const logger = createLogger({ service: 'control-plane-test', level: 'fatal' });
    @Module({
      imports: [
        loggingModule(logger),
        CqrsModule.forRoot(),
        DatabaseModule.forRoot(control.serviceUrl, 10),
        HealthModule.register({ useFactory: () => [] }),
        LifecycleSettingsModule.forRoot({ backoff: BACKOFF }),
        DryRunModule,
        IdempotencyModule,
        ApiKeysModule,
        AuditModule,
        CertificatesModule,
        ClustersModule,
        DoctorModule.forRoot({ config: examined(control), logger }),
        ExplainingModule,
        FleetModule,
        HistoryModule,
        OperationsModule,
        ParkedModule,
        ParticipantsModule,
        PlansModule,
        RoutingModule,
        SigningModule,
        TelemetryModule,
        TenantsModule.forRoot({ defaultMs: 86_400_000, minimumMs: 0 }),
        WatchingModule.forRoot(watch),
      ],
    })
    class ApiModule {}
    const app = await createHttpApp(ApiModule);
    configureHttpApp(app, {
      logger,
      authenticator: app.get(KeyAuthenticator),
      catalogue: CONTROL_PLANE_PROBLEMS,
      openApi: INFO,
    });
    await app.listen(0, '127.0.0.1');
    return new ApiHarness(control, app, first.key, buildOpenApiDocument(app, INFO), await app.getUrl());
  }

  async stop(): Promise<void> {
    await this.app.close();
    await this.control.stop();
  }

  /**
   * Calls the API as the administrator, unless another key is given (empty: none). `B` is what the body should be.
   * @throws Error for an answer that the OpenAPI document does not have.
   */
  async call<B = Problem>(
    method: string,
    path: string,
    { key = this.adminKey, body, headers = {} }: Call = {},
  ): Promise<Answer<B>> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer = text === '' ? undefined : JSON.parse(text);
    const mediaType = response.headers.get('content-type')?.split(';', 1)[0] ?? '';
    this.documented.check(method, path, response.status, mediaType, answer);
    return { status: response.status, headers: response.headers, body: answer };
  }

  /** A new key of a role. */
  async keyFor(role: Role): Promise<string> {
    const { body } = await this.call<{ key: string }>('POST', '/v1/api-keys', {
      body: { name: `a ${role}`, role },
    });
    return body.key;
  }

  /** The audit entries of one resource, oldest first. */
  audit(resource: string): Promise<{ actor: string; action: string; before: unknown; after: unknown }[]> {
    return this.control.rows(
      'SELECT actor, action, before, after FROM tenantry.audit_entry WHERE resource = $1 ORDER BY id',
      [resource],
    );
  }
}
