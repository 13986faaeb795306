import { describe, expect, it } from '@jest/globals';
import {
  DEFAULT_BODY_LIMIT_BYTES,
  HTTP_BOUNDS,
  MAX_PAGE_LIMIT,
  MIGRATE_VARIABLES,
  SHUTDOWN_VARIABLES,
  StartingServer,
  createLogger,
} from '@tenantry/service';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import path from 'node:path';
import { Pool } from 'pg';
import { BUS_POOL_SIZE } from '../../apps/control-plane/src/bus/new-bus.js';
import { loadConfig } from '../../apps/control-plane/src/config.js';
import { dataSourceOptions } from '../../apps/control-plane/src/database/data-source.js';
import { CONNECTIONS } from '../../apps/data-plane/src/clusters.config.js';
import { MAINTENANCE_TIMEOUT_MS } from '../../libs/data-plane-kit/src/clusters/maintenance-clusters.js';
import {
  BOOKKEEPING_POOL_SIZE,
  CONCURRENCY,
  SERVING_TIMEOUT_MS,
  SWEEPING,
} from '../../libs/data-plane-kit/src/data-plane.js';
import { LOCK_TIMEOUT_MS, TURN_TIMEOUT_MS } from '../../libs/database/src/migrate.js';
import { KAFKA_BOUNDS } from '../../libs/messaging/src/kafka/kafka-bounds.js';
import { MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH } from '../../libs/messaging/src/message-bounds.js';
import { RELAY_BATCH } from '../../libs/messaging/src/relay.js';
import { PEER_PATIENCE_MS } from '../../libs/messaging/src/settled-within.js';

const URL_OF_ANY = 'postgres://login:password@127.0.0.1/database';

/** The table of docs/operating.md: what is bounded, the value without what happens then, and the variable. */
function documented(): Record<string, string> {
  const text = readFileSync(path.resolve(import.meta.dirname, '..', '..', 'docs', 'operating.md'), 'utf8');
  const section = text.split('\n## Bounds\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| (.+?) \| (.+?) \|(?: `(\w+)`)? \|$/gm)];
  return Object.fromEntries(
    rows.map(([, bound = '', value = '', variable]) => [
      bound,
      [value.split(', then ')[0], ...(variable === undefined ? [] : [variable])].join(' '),
    ]),
  );
}

const seconds = (ms: number): string => `${ms / 1000} s`;
const kib = (bytes: number): string => `${bytes / 1024} KiB`;

describe('the documented bounds', () => {
  it('are those that hold', async () => {
    const server = await StartingServer.listen({
      logger: createLogger({ service: 'bounds', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
    });
    const { http } = server;
    const { extra, poolSize } = dataSourceOptions(
      URL_OF_ANY,
      loadConfig({ DATABASE_URL: URL_OF_ANY }).databasePoolSize,
    );
    const limits = extra as Record<string, number>;
    const connections = Object.values(CONNECTIONS).map(
      (variable) => `${shown(variable.read(undefined), variable.name)}`,
    );
    const [total, perCluster, dedicated, perTenant, wait] = connections;
    expect(documented()).toEqual({
      "a request's line and headers together": kib(HTTP_BOUNDS.maxHeaderSize),
      'headers of a request': String(http.maxHeadersCount),
      "time for a request's headers": seconds(http.headersTimeout),
      'time for a whole request to arrive': seconds(http.requestTimeout),
      'time for a connection without a request': seconds(http.keepAliveTimeout),
      'connections to the HTTP server of a process': String(http.maxConnections),
      "a request's body": kib(DEFAULT_BODY_LIMIT_BYTES),
      'entries of a page': String(MAX_PAGE_LIMIT),
      'clients that follow explanations of one process': `${loadConfig({ DATABASE_URL: URL_OF_ANY }).maxWatchers} MAX_WATCHERS`,
      'control plane: connections of requests and reconciling': `${poolSize} DATABASE_POOL_SIZE`,
      'control plane: connections of workers and relay beside them': String(BUS_POOL_SIZE),
      'control plane: wait for a connection': seconds(limits['connectionTimeoutMillis']!),
      'control plane: statement, its wait for locks included, ended by the server': await shownBy(
        'statement_timeout',
        limits,
      ),
      'control plane: statement, given up by this side': seconds(limits['query_timeout']!),
      'control plane: silence inside a transaction, ended by the server': await shownBy(
        'idle_in_transaction_session_timeout',
        limits,
      ),
      'relay: messages of a shard at once': String(RELAY_BATCH),
      'service: connections that serve, all together': total,
      'service: connections that serve, of the shared login to a cluster': perCluster,
      "service: connections that serve, of tenants' own logins to a cluster": dedicated,
      'service: connections in use by one tenant': perTenant,
      'service: wait for a connection that serves': wait,
      'service: connections for inbox, answers and route snapshot': String(BOOKKEEPING_POOL_SIZE),
      'service: connections that provision, to a cluster': String(CONCURRENCY + SWEEPING),
      'service: statement that serves, given up by this side': seconds(SERVING_TIMEOUT_MS),
      'service: statement that provisions, given up by this side': seconds(MAINTENANCE_TIMEOUT_MS),
      'migration: wait for a lock on what it changes': seconds(LOCK_TIMEOUT_MS),
      'migration: wait for another migration': seconds(TURN_TIMEOUT_MS),
      'migration: wait for a database that is not there': shownMs(MIGRATE_VARIABLES.migrateWaitMs),
      'Kafka: time to connect': seconds(KAFKA_BOUNDS.connectionTimeout),
      'Kafka: time for an answer': seconds(KAFKA_BOUNDS.requestTimeout),
      "Kafka: silence of a group's member": seconds(KAFKA_BOUNDS.sessionTimeout),
      'Kafka: time for a group to gather': seconds(KAFKA_BOUNDS.rebalanceTimeout),
      'Kafka: a produce request': `${KAFKA_BOUNDS.produceBytes} bytes`,
      'Kafka: a fetch of state records': `${KAFKA_BOUNDS.stateFetchBytes / 1024 ** 2} MiB`,
      "a message's payload": kib(MAX_MESSAGE_BYTES),
      "levels of a message's payload": String(MAX_MESSAGE_DEPTH),
      'stop: draining': shownMs(SHUTDOWN_VARIABLES.shutdownDrainMs),
      'stop: finishing behind it': shownMs(SHUTDOWN_VARIABLES.shutdownTimeoutMs),
      'stop: wait for a broker or database that does not answer': seconds(PEER_PATIENCE_MS),
    });
    server.handOver(() => undefined);
    await new Promise((resolve) => http.close(resolve));
  });

  it('turn away a request whose headers are too long', async () => {
    const server = await StartingServer.listen({
      logger: createLogger({ service: 'bounds', level: 'silent' }),
      host: '127.0.0.1',
      port: 0,
    });
    const socket = connect((server.http.address() as AddressInfo).port, '127.0.0.1');
    socket.write(
      `GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(HTTP_BOUNDS.maxHeaderSize)}\r\n\r\n`,
    );
    const answer = await new Promise<string>((resolve) =>
      socket.once('data', (data) => resolve(data.toString())),
    );
    expect(answer).toMatch(/^HTTP\/1.1 431 /);
    socket.destroy();
    server.handOver(() => undefined);
    server.http.closeAllConnections();
    await new Promise((resolve) => server.http.close(resolve));
  });
});

function shown(value: number, variable: string): string {
  return `${variable === 'CONNECTION_WAIT' ? seconds(value) : value} ${variable}`;
}

function shownMs({ name, read }: { name: string; read(raw: string | undefined): number }): string {
  return `${seconds(read(undefined))} ${name}`;
}

/** What a session that is opened with these limits says of itself. */
async function shownBy(setting: string, limits: Record<string, number>): Promise<string> {
  const pool = new Pool({ connectionString: process.env['TEST_DATABASE_URL'], ...limits, max: 1 });
  try {
    const { rows } = await pool.query<{ ms: number }>(
      'SELECT (extract(epoch FROM current_setting($1)::interval) * 1000)::int AS ms',
      [setting],
    );
    return seconds(rows[0]!.ms);
  } finally {
    await pool.end();
  }
}
