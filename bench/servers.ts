import { startKafkaBroker, startPostgres } from '@tenantry/testing/servers';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Say } from './report.ts';

/**
 * As safe as in production: a commit is on the disk when it is answered. Autovacuum looks more often than once a minute, so
 * that what it recovers can be seen in a run of a few minutes.
 */
const POSTGRES_SETTINGS = {
  shared_buffers: '512MB',
  max_wal_size: '4GB',
  wal_level: 'logical',
  autovacuum_naptime: '5s',
};

export interface BenchServers {
  /** Of a superuser. */
  readonly databaseUrl: string;
  readonly brokers: readonly string[];
  stop(): Promise<void>;
}

/** Starts what the environment does not name (no Kafka where it is not wanted), and sets TEST_DATABASE_URL for what makes databases. */
export async function benchServers(
  say: Say,
  { kafka = true }: { readonly kafka?: boolean } = {},
): Promise<BenchServers> {
  const ends: (() => Promise<unknown>)[] = [];
  const named = process.env['TEST_DATABASE_URL'];
  const stop = async (): Promise<void> => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const databaseUrl = named ?? (await ownPostgres(ends, say));
    const brokers = kafka ? (process.env['KAFKA_BROKERS'] ?? (await ownBroker(ends, say))) : undefined;
    if (named === undefined) {
      process.env['TEST_DATABASE_URL'] = databaseUrl;
      // A server that has ended must not be taken for one that the caller named, by the next part that wants one.
      ends.push(async () => delete process.env['TEST_DATABASE_URL']);
    }
    return { databaseUrl, brokers: brokers?.split(',') ?? [], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ownPostgres(ends: (() => Promise<unknown>)[], say: Say): Promise<string> {
  say('starts PostgreSQL');
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-bench-'));
  // The server may have to run as another user, who must be able to pass.
  await chmod(folder, 0o711);
  ends.push(() => rm(folder, { recursive: true, force: true }));
  const server = await startPostgres({
    dataDir: path.join(folder, 'postgres'),
    password: 'postgres',
    settings: POSTGRES_SETTINGS,
  });
  ends.push(() => server.stop());
  return server.adminUrl;
}

async function ownBroker(ends: (() => Promise<unknown>)[], say: Say): Promise<string> {
  say('starts Kafka');
  const broker = await startKafkaBroker();
  ends.push(() => broker.remove());
  return broker.brokers;
}
