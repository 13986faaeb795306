import { describe, expect, it } from '@jest/globals';
import { documentedBounds } from '@tenantry/testing';
import { Pool } from 'pg';
import { BUS_POOL_SIZE } from '../bus/new-bus.js';
import { loadConfig } from '../config.js';
import { CONNECTION_LIMITS } from './connection-limits.js';
import { dataSourceOptions } from './data-source.js';

const URL_OF_ANY = 'postgres://login:password@127.0.0.1/database';

describe('the control plane’s documented bounds', () => {
  it('are those that hold', async () => {
    const { databasePoolSize, maxWatchers } = loadConfig({ DATABASE_URL: URL_OF_ANY });
    const { extra, poolSize } = dataSourceOptions(URL_OF_ANY, databasePoolSize);
    expect(extra).toEqual(CONNECTION_LIMITS);
    expect(documentedBounds((bound) => /^(control plane|clients that follow)/.test(bound))).toEqual({
      'clients that follow explanations of one process': `${maxWatchers} MAX_WATCHERS`,
      'control plane: connections of requests and reconciling': `${poolSize} DATABASE_POOL_SIZE`,
      'control plane: connections of workers and relay beside them': String(BUS_POOL_SIZE),
      'control plane: wait for a connection': seconds(CONNECTION_LIMITS.connectionTimeoutMillis),
      'control plane: statement, its wait for locks included, ended by the server':
        await shownBy('statement_timeout'),
      'control plane: statement, given up by this side': seconds(CONNECTION_LIMITS.query_timeout),
      'control plane: silence inside a transaction, ended by the server': await shownBy(
        'idle_in_transaction_session_timeout',
      ),
    });
  });
});

const seconds = (ms: number): string => `${ms / 1000} s`;

/** What a session that is opened with these limits says of itself. */
async function shownBy(setting: string): Promise<string> {
  const pool = new Pool({ connectionString: process.env['TEST_DATABASE_URL'], ...CONNECTION_LIMITS, max: 1 });
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
