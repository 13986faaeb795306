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
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { documentedBounds } from '@tenantry/testing';
import { DATA_PLANE_BOUNDS } from '@tenantry/data-plane-kit';
import { LOCK_TIMEOUT_MS, TURN_TIMEOUT_MS } from '@tenantry/database';
import {
  KAFKA_BOUNDS,
  MAX_MESSAGE_BYTES,
  MAX_MESSAGE_DEPTH,
  PEER_PATIENCE_MS,
  RELAY_BATCH,
} from '@tenantry/messaging';

/** The control plane and the reference service have suites of their own for theirs. */
const isOfLibraries = (bound: string): boolean =>
  !/^(control plane|clients that follow|service: (wait|connections (in use|that serve)))/.test(bound);

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
    expect(documentedBounds(isOfLibraries)).toEqual({
      "a request's line and headers together": kib(HTTP_BOUNDS.maxHeaderSize),
      'headers of a request': String(http.maxHeadersCount),
      "time for a request's headers": seconds(http.headersTimeout),
      'time for a whole request to arrive': seconds(http.requestTimeout),
      'time for a connection without a request': seconds(http.keepAliveTimeout),
      'connections to the HTTP server of a process': String(http.maxConnections),
      "a request's body": kib(DEFAULT_BODY_LIMIT_BYTES),
      'entries of a page': String(MAX_PAGE_LIMIT),
      'relay: messages of a shard at once': String(RELAY_BATCH),
      'service: connections for inbox, answers and route snapshot': String(DATA_PLANE_BOUNDS.bookkeeping),
      'service: connections that provision, to a cluster': String(DATA_PLANE_BOUNDS.maintenance),
      'service: statement that serves, given up by this side': seconds(DATA_PLANE_BOUNDS.servingTimeoutMs),
      'service: statement that provisions, given up by this side': seconds(
        DATA_PLANE_BOUNDS.maintenanceTimeoutMs,
      ),
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

function shownMs({ name, read }: { name: string; read(raw: string | undefined): number }): string {
  return `${seconds(read(undefined))} ${name}`;
}
