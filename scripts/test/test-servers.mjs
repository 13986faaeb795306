import path from 'node:path';
import { testFolder } from './test-folder.mjs';

/** Speed over safety: these databases live no longer than the test run. */
const POSTGRES_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '400',
  // Thousands of connections are made, each of which would take several milliseconds of both sides to prove a password.
  scram_iterations: '1',
  // What it keeps of its log for a restart that never comes is memory.
  max_wal_size: '256MB',
};

/**
 * Starts the servers that database and end-to-end suites need and that the environment does not name already.
 *
 * @param {{ kafka?: boolean, postgres?: boolean }} options which of them are wanted; both unless told.
 * @returns the variables that tell tests where they are; `withoutKafka` says why there is no broker, where there is none.
 */
export async function testServers({ kafka: wantsKafka = true, postgres: wantsPostgres = true } = {}) {
  const servers = await import('@tenantry/testing/servers');
  const started = [];
  const stop = async () => {
    for (const end of started.splice(0).reverse()) await end();
  };
  try {
    const [TEST_DATABASE_URL, kafka] = await Promise.all([
      wantsPostgres ? postgresUrl(servers, started) : undefined,
      wantsKafka ? kafkaBrokers(servers, started) : { env: {} },
    ]);
    return {
      env: { ...(wantsPostgres && { TEST_DATABASE_URL }), ...kafka.env },
      withoutKafka: kafka.missing,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function postgresUrl({ startPostgres }, started) {
  if (process.env.TEST_DATABASE_URL) return process.env.TEST_DATABASE_URL;
  const folder = await testFolder();
  started.push(folder.remove);
  const start = () =>
    startPostgres({
      dataDir: path.join(folder.path, 'postgres'),
      password: 'postgres',
      settings: POSTGRES_SETTINGS,
    });
  const server = await start().catch((error) => {
    console.error(`PostgreSQL did not start, trying once more: ${error.message}`);
    return start();
  });
  started.push(() => server.stop());
  return server.adminUrl;
}

async function kafkaBrokers({ startKafkaBroker, KafkaUnavailableError }, started) {
  if (process.env.KAFKA_BROKERS) return { env: {} };
  try {
    const broker = await startKafkaBroker();
    started.push(() => broker.remove());
    return { env: { KAFKA_BROKERS: broker.brokers } };
  } catch (error) {
    if (error instanceof KafkaUnavailableError) return { env: {}, missing: error.message };
    throw error;
  }
}
