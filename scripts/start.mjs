/**
 * `npm start`: control plane, reference data plane and verifier as three processes, with a PostgreSQL of their own unless
 * DATABASE_URL (an administrator's) names another, on the embedded transport unless KAFKA_BROKERS is set.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { build } from './build.mjs';
import { holdLock, LockHeldError } from './lock.mjs';
import { configuration, PORT_VARIABLES } from './start/configuration.mjs';
import { keepRunning } from './start/keep-running.mjs';
import {
  DEV_FILE,
  noteApiKeyShown,
  secrets,
  signingKeyFile,
  tenantLoginKeyFile,
  STATE_FOLDER,
  writeDevFile,
} from './start/state.mjs';

/** The verifier comes last: its migration has to find the databases that it is to look at. */
const APPS = ['control-plane', 'data-plane', 'verifier'];
const DATABASES = {
  'control-plane': 'tenantry_control',
  'data-plane': 'tenantry_reference',
  verifier: 'tenantry_verifier',
};

/** PostgreSQL's messages, without its answers to whoever asks whether it is up yet. */
const WORTH_SHOWING = / (WARNING|ERROR|FATAL|PANIC): (?! *the database system is )/;

const say = (message) => console.log(`tenantry      ${message}`);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** What is running, in the order of its start; it is stopped in the reverse order. */
const running = [];
let stopAsked;
const stopRequest = new Promise((resolve) => (stopAsked = resolve));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => stopAsked());

async function main() {
  const config = configuration();
  const release = await holdLock(path.join(STATE_FOLDER, 'lock')).catch((error) => {
    if (!(error instanceof LockHeldError)) throw error;
    throw new Error(
      `process ${error.pid} is running this installation already (.tenantry); stop that one first`,
    );
  });
  try {
    const failure = await Promise.race([stopRequest, serve(config)]);
    if (failure) throw new Error(failure);
    say('stopping …');
  } finally {
    for (const part of running.reverse()) await part.stop();
    release();
  }
}

/** @returns {Promise<string>} why it cannot go on; as long as all is well it does not settle. */
async function serve(config) {
  await build();
  const servers = await import('@tenantry/testing/servers');
  for (const app of APPS) await refuseBusyPort(servers, config.ports[app], config.host, PORT_VARIABLES[app]);

  const { newApiKey } = await import('@tenantry/service');
  const kept = secrets(newApiKey);
  const postgres = config.databaseUrl ? undefined : await startPostgres(servers, config, kept);
  const serverUrl = config.databaseUrl ?? postgres.adminUrl;
  await servers.ensureDatabases(serverUrl, Object.values(DATABASES));

  const environment = servers.installationEnvironment({
    serverUrl,
    databases: DATABASES,
    // On a server that is shared with others, their databases are none of ours to read.
    scannedDatabases: config.databaseUrl ? [DATABASES['data-plane'], DATABASES.verifier].join() : '*',
    loginPrefix: 'tenantry',
    password: kept.loginPassword,
    kafka: config.kafkaBrokers && {
      brokers: config.kafkaBrokers,
      topicPrefix: config.kafkaTopicPrefix,
      variables: config.kafkaVariables,
    },
    adminKeyHash: sha256(kept.apiKey),
    dataPlaneKeyHash: sha256(kept.dataPlaneApiKey),
    signingKey: `file:${signingKeyFile()}`,
    tenantLoginKey: `file:${tenantLoginKeyFile()}`,
  });
  say('migrating the databases');
  for (const app of APPS) await servers.migrateApp(app, environment[app].migrate);

  const failures = postgres ? [postgres.failed] : [];
  for (const app of APPS) {
    // Once more: the migrations took their time, and another program's answer on the port would be taken for ours.
    await refuseBusyPort(servers, config.ports[app], config.host, PORT_VARIABLES[app]);
    const start = () =>
      servers.startApp({
        app,
        env: {
          ...environment[app].serve,
          HOST: config.host,
          PORT: String(config.ports[app]),
          METRICS_PORT: String(config.metricsPorts[app]),
          LOG_LEVEL: config.logLevel,
        },
        onLine: (line) => console.log(`${app.padEnd(13)} ${servers.readableLogLine(line)}`),
      });
    const part = await keepRunning(app, start, say);
    running.push(part);
    failures.push(part.failed);
  }
  const failed = Promise.race(failures);
  const urls = Object.fromEntries(
    APPS.map((app) => [app, `http://${config.localHost}:${config.ports[app]}`]),
  );
  const dev = {
    controlPlaneUrl: urls['control-plane'],
    dataPlaneUrl: urls['data-plane'],
    apiKey: kept.apiKey,
    dataPlaneApiKey: kept.dataPlaneApiKey,
  };
  writeDevFile(dev);
  const ready = Promise.all(APPS.map((app) => untilReady(servers, urls[app]))).then(() => undefined);
  const failedEarly = await Promise.race([ready, failed]);
  if (failedEarly) return failedEarly;
  await greet(dev, urls.verifier, kept);
  return failed;
}

async function refuseBusyPort({ isPortFree }, port, host, variable) {
  if (await isPortFree(port, host)) return;
  throw new Error(
    `port ${port} on ${host} is in use by another program; choose another one by ${variable}=…`,
  );
}

async function startPostgres(servers, config, kept) {
  if (config.postgresPort) {
    await refuseBusyPort(servers, config.postgresPort, '127.0.0.1', PORT_VARIABLES.postgres);
  }
  say('starting PostgreSQL');
  // One port for the whole run, since the processes keep it when PostgreSQL has to be started again.
  const port = config.postgresPort ?? (await servers.freePort());
  let adminUrl;
  const part = await keepRunning(
    'PostgreSQL',
    async () => {
      const server = await servers.startPostgres({
        dataDir: path.join(STATE_FOLDER, 'postgres'),
        password: kept.postgresPassword,
        port,
        settings: { max_connections: '200' },
        onLine: (line) => {
          if (WORTH_SHOWING.test(line)) console.log(`postgres      ${line}`);
        },
      });
      adminUrl = server.adminUrl;
      return server.process;
    },
    say,
  );
  running.push(part);
  return { adminUrl, failed: part.failed };
}

async function untilReady({ waitFor }, url) {
  const isReady = async () =>
    (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(5000) })).status === 200;
  for (;;) {
    try {
      await waitFor(`${url}/readyz`, isReady, 30_000);
      return;
    } catch {
      say(`${url}/readyz does not answer 200 yet; see the messages above`);
    }
  }
}

async function greet({ controlPlaneUrl, dataPlaneUrl, apiKey }, verifierUrl, kept) {
  const shown = [
    '',
    `Control plane  ${controlPlaneUrl}   documentation ${controlPlaneUrl}/docs   health ${controlPlaneUrl}/livez, ${controlPlaneUrl}/readyz`,
    `Data plane     ${dataPlaneUrl}   documentation ${dataPlaneUrl}/docs   health ${dataPlaneUrl}/livez, ${dataPlaneUrl}/readyz`,
    `Verifier       ${verifierUrl}   health ${verifierUrl}/livez, ${verifierUrl}/readyz`,
    `Keys and URLs for local tools are in ${path.relative(process.cwd(), DEV_FILE)}. Ctrl-C stops everything; the data stays.`,
  ];
  if (!kept.apiKeyWasShown) shown.push(`Administrator's API key, shown only now: ${apiKey}`);
  const { status } = await fetch(`${controlPlaneUrl}/v1/tenants?limit=1`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  if (status === 401) {
    shown.push('The database has other keys already: the one in dev.json is not valid there.');
  }
  console.log([...shown, ''].join('\n'));
  noteApiKeyShown(kept);
}

await main().then(
  () => process.exit(0),
  (error) => {
    console.error(`npm start: ${error.message}`);
    process.exit(1);
  },
);
