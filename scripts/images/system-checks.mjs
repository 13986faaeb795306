import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { keysOfPage, walk } from '../operate/walk.mjs';
import { testServers } from '../test/test-servers.mjs';
import { composeServices } from './compose-services.mjs';
import { besides } from './entry-points.mjs';
import { imageProcesses } from './image-processes.mjs';
import { oneLifecycle } from './lifecycle.mjs';
import { seal } from './sealed.mjs';

/** What deploy/compose/databases.sql makes. */
const DATABASES = ['tenantry_control', 'tenantry_reference', 'tenantry_verifier'];

/**
 * Runs what docker-compose.yml runs, with keys made as docs/operate.md says, then the rest of that page and every other program of the images, against
 * PostgreSQL and Kafka of its own.
 *
 * @param {Record<string, { root: string, config: object }>} images as they were assembled.
 * @returns {Promise<{ checks: Record<string, () => Promise<unknown>>, stop(): Promise<void> }>} `checks`: they have to run in their order.
 * @throws Error when there is no Kafka and REQUIRE_KAFKA=1.
 */
export async function systemChecks(images) {
  const started = await ownServers();
  if (started.withoutKafka) return withoutKafka(started);
  const servers = await import('@tenantry/testing/servers');
  const { TEST_DATABASE_URL, KAFKA_BROKERS } = started.env;
  await servers.ensureDatabases(TEST_DATABASE_URL, DATABASES);
  const sealed = {};
  for (const [image, { root, config }] of Object.entries(images)) sealed[image] = await seal(root, config);
  const processes = imageProcesses(sealed, servers);
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-operate-'));
  const keys = await keysOfPage(folder);
  keys.SIGNING_KEY_PEM = await readFile(path.join(folder, 'signing-key.pem'), 'utf8');
  const hosts = { 'postgres:5432': new URL(TEST_DATABASE_URL).host, 'kafka:19092': KAFKA_BROKERS };
  const services = composeServices(keys, hosts);
  const urls = {};

  const runs = async ({ name, image, command, env, ends = 0 }) => {
    const { status, out } = await processes.toItsEnd(image, command, env);
    if (status !== ends) throw new Error(`${name} ended with ${status}\n${out.slice(-4000)}`);
  };
  const serves = async (service) => {
    const { url, metricsUrl } = await processes.start(service);
    urls[service.name] = url;
    const { status } = await fetch(metricsUrl);
    if (status !== 200) throw new Error(`${metricsUrl} answers ${status}`);
  };
  const others = Object.keys(images).flatMap((image) => besides(image, images[image].root, services));
  let tenant;
  const how = Object.entries(sealed).map(([image, seal]) => `${image} runs ${seal.how}`);

  return {
    checks: {
      ...together(
        services.filter(({ once }) => once),
        'runs to its end',
        runs,
      ),
      'what docker-compose.yml starts becomes ready, and its health check says so': async () => {
        await Promise.all(services.filter(({ once }) => !once).map(serves));
        return { note: how.join('\n') };
      },
      'a tenant is provisioned and served': () => {
        tenant = oneLifecycle(servers, {
          controlUrl: urls['control-plane-api'],
          adminKey: keys.ADMIN_KEY,
          dataUrl: urls['data-plane'],
          dataKey: keys.DATA_PLANE_KEY,
        });
        return tenant.begin();
      },
      ...together(
        others.filter(({ ends }) => ends !== undefined),
        'does what it is asked',
        runs,
      ),
      ...together(
        others.filter(({ ends }) => ends === undefined),
        'becomes ready',
        serves,
      ),
      'the tenant is purged and verified': () => tenant.end(),
      'docs/operate.md can be followed': () =>
        walk(folder, { ...keys, URL: urls['control-plane-api'], DATA_URL: urls['data-plane'] }),
      'everything ends with 0 when it is asked to': async () => {
        await Promise.all(processes.names().map((name) => processes.stop(name)));
      },
    },
    stop: async () => {
      await processes.stopAll();
      await rm(folder, { recursive: true, force: true });
      await started.stop();
    },
  };
}

/** None that the environment names: the databases, logins and topics of docker-compose.yml have fixed names. */
function ownServers() {
  for (const variable of ['TEST_DATABASE_URL', 'KAFKA_BROKERS']) delete process.env[variable];
  return testServers();
}

async function withoutKafka({ withoutKafka: reason, stop }) {
  await stop();
  if (process.env.REQUIRE_KAFKA === '1') throw new Error(`there is no Kafka: ${reason}`);
  const check = async () => ({ note: `NOT RUN: there is no Kafka (${reason}); REQUIRE_KAFKA=1 insists` });
  return { checks: { 'the images run': check }, stop: async () => undefined };
}

/** A check for each service. They begin together, with the first of them, but for those that need another's end; each is told of by itself. */
function together(services, what, check) {
  const ends = new Map();
  const begin = () => {
    for (const service of ends.size === 0 ? services : []) {
      const needed = (service.needs ?? []).map((name) => ends.get(name));
      const end = Promise.all(needed).then(() => check(service));
      // Whoever is told of later must not end everything by failing now.
      end.catch(() => undefined);
      ends.set(service.name, end);
    }
    return ends;
  };
  return Object.fromEntries(services.map((one) => [`${one.name} ${what}`, () => begin().get(one.name)]));
}
