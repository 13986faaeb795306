import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  documentedAcls,
  HttpClient,
  startSecuredKafka,
  waitFor,
  type SecuredKafka,
} from '@tenantry/testing/servers';
import { Kafka, logLevel } from 'kafkajs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { render, RELEASE, type Installed } from './chart.js';
import { standIn, type StandIn } from './cluster.js';
import type { Secrets } from './pod-runner/given.js';
import { Release } from './pod-runner/release.js';

const IMAGE = path.resolve(import.meta.dirname, '..', '..');
const API = `${RELEASE}-tenantry`;
const SERVICE = `${API}-reference`;
const PORT = 80;
const PATIENCE_MS = 45_000;

interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly state: string;
}

/** Installs what Helm renders, on what is there. */
async function install(there: StandIn, installed: Installed, secrets: Secrets = {}): Promise<Release> {
  return Release.install({
    objects: await render(installed),
    secrets: { ...there.secrets, ...secrets },
    folder: there.folder,
    image: IMAGE,
  });
}

/** What everything is here for: a tenant comes, is suspended and served again, and goes, and a certificate says so. */
async function livesAndDies(release: Release, there: StandIn, isolation: string): Promise<void> {
  const control = new HttpClient(release.serviceUrl(API, PORT)).withKey(there.adminKey);
  const slug = `helm-${isolation}`;
  const created = await control.post<{ tenant: Tenant }>('/v1/tenants', { slug, name: slug, isolation });
  expect(created.status).toBe(202);
  const { id } = created.body.tenant;
  const reaches = (state: string): Promise<unknown> =>
    waitFor(
      `the tenant to be ${state}`,
      async () => (await control.get<Tenant>(`/v1/tenants/${id}`)).body.state === state,
      PATIENCE_MS,
    );
  const data = new HttpClient(release.serviceUrl(SERVICE, PORT))
    .withKey(there.serviceKey)
    .with({ 'tenantry-tenant': id });
  const answers = (status: number): Promise<unknown> =>
    waitFor(`${status} for its requests`, async () => (await data.get('/v1/projects')).status === status);

  await reaches('ACTIVE');
  await answers(200);
  expect((await data.post('/v1/projects', { name: 'First' })).status).toBe(201);
  expect((await control.post(`/v1/tenants/${id}/suspend`, { reason: 'helm' })).status).toBe(202);
  await reaches('SUSPENDED');
  await answers(403);
  expect((await control.post(`/v1/tenants/${id}/reactivate`, { reason: 'helm' })).status).toBe(202);
  await reaches('ACTIVE');
  await answers(200);
  const { status } = await control.delete(`/v1/tenants/${id}?gracePeriod=PT1S&confirm=${slug}&reason=helm`);
  expect(status).toBe(202);
  await reaches('PURGED');
  await answers(404);
  // The worker signs with the key that it has mounted.
  await waitFor(
    'the certificate',
    async () => (await control.get(`/v1/tenants/${id}/certificate`)).status === 200,
    PATIENCE_MS,
  );
}

async function metricsOf(release: Release, deployment: string): Promise<string> {
  return (await fetch(`${release.pod(deployment).url('metrics')}/metrics`)).text();
}

describe('the small profile, as processes', () => {
  const profiles = ['small', 'reference'] as const;
  let there: StandIn;
  let release: Release;
  let values: object;
  beforeAll(async () => {
    there = await standIn();
    values = {
      controlPlane: { audit: { checkpointInterval: 'PT1S' } },
      dataPlane: { database: { supportUrlKey: 'support-url' } },
      verifier: { scan: { databases: there.scanned } },
      // Nobody balances load here.
      defaults: { shutdown: { drainSeconds: 0 } },
    };
    release = await install(there, { profiles, values });
  }, 180_000);
  afterAll(async () => {
    await release?.stop();
    await there?.remove();
  });

  it('runs one process of the control plane, and probes find every process', () => {
    expect(release.names.sort()).toEqual([API, SERVICE, `${API}-verifier`]);
  });

  it('passes `helm test`', () => release.test());

  it('has every process tell Prometheus', async () => {
    for (const name of release.names) {
      const metrics = await metricsOf(release, name);
      expect(metrics).toMatch(/^target_info\{.*service_instance_id="prod-/m);
    }
  });

  it.each(['pooled', 'database'])(
    'carries a tenant with isolation %s through its whole life',
    (isolation) => livesAndDies(release, there, isolation),
    120_000,
  );

  it('becomes two Deployments that migrate by themselves, on the same databases', async () => {
    expect(await release.stop()).toEqual({ [API]: 0, [SERVICE]: 0, [`${API}-verifier`]: 0 });
    release = await install(there, {
      profiles,
      values: {
        ...values,
        controlPlane: {
          mode: 'split',
          migrations: { mode: 'initContainer' },
          audit: { checkpointInterval: 'PT1S' },
        },
      },
    });
    expect(release.names.sort()).toEqual([API, SERVICE, `${API}-verifier`, `${API}-worker`]);
    await livesAndDies(release, there, 'schema');
  }, 180_000);
});

const onKafka = process.env['WITHOUT_KAFKA'] ? describe.skip : describe;

onKafka('the production profile, as processes', () => {
  const users = {
    'control-plane': 'control-secret',
    reference: 'reference-secret',
    verifier: 'verifier-secret',
  };
  let there: StandIn;
  let kafka: SecuredKafka;
  let release: Release;
  beforeAll(async () => {
    there = await standIn();
    kafka = await startSecuredKafka(users);
    const admin = new Kafka({ brokers: [kafka.broker.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createAcls({
      acl: documentedAcls({
        topicPrefix: 'tenantry',
        controlPlanes: ['control-plane'],
        participants: ['reference', 'verifier'],
      }),
    });
    await admin.disconnect();
    const ca = await readFile(kafka.authority.caFile, 'utf8');
    const user = (name: keyof typeof users) => ({ username: name, password: users[name] });
    release = await install(
      there,
      {
        profiles: ['production', 'reference'],
        values: {
          controlPlane: { audit: { checkpointInterval: 'PT1S' } },
          // One broker has nobody to replicate to.
          kafka: { brokers: [kafka.saslBrokers], topics: { replicationFactor: 1, minInsyncReplicas: 1 } },
          dataPlane: { contextSigning: { mode: 'mac', existingSecret: 'tenantry-context-key' } },
          verifier: { scan: { databases: there.scanned } },
        },
      },
      {
        'tenantry-kafka': user('control-plane'),
        'tenantry-reference-kafka': user('reference'),
        'tenantry-verifier-kafka': user('verifier'),
        'tenantry-kafka-ca': { 'ca.crt': ca },
        'tenantry-database-ca': { 'ca.crt': ca },
      },
    );
  }, 240_000);
  afterAll(async () => {
    await release?.stop();
    await kafka?.remove();
    await there?.remove();
  });

  it('runs the API and the worker apart, each with what is its own', () => {
    expect(release.names.sort()).toEqual([API, SERVICE, `${API}-verifier`, `${API}-worker`]);
    // Whoever takes over the API has not taken over the key that certificates are signed with.
    const variables = release.pod(API).container.env?.map(({ name }) => name);
    expect(variables).not.toContain('SIGNING_KEY');
  });

  it('passes `helm test`', () => release.test());

  it('carries a tenant through its whole life', () => livesAndDies(release, there, 'schema'), 120_000);

  it('stops as it is told: not ready at once, and gone within the time that a Pod is given', async () => {
    const pod = release.pod(API);
    const readiness = pod.container.readinessProbe!;
    const stopped = release.stop();
    await waitFor('503 while it drains', async () => (await pod.probe(readiness)) === 503);
    expect(await stopped).toEqual({ [API]: 0, [SERVICE]: 0, [`${API}-verifier`]: 0, [`${API}-worker`]: 0 });
  }, 60_000);
});
