import { describe, expect, it } from '@jest/globals';
import { documentedBounds } from '@tenantry/testing';
import { CONNECTIONS } from './clusters.config.js';

describe('the documented bounds of the connections that serve', () => {
  it('are those that hold', () => {
    const shown = ({ name, read }: { name: string; read(raw: string | undefined): number }): string =>
      `${name === 'CONNECTION_WAIT' ? `${read(undefined) / 1000} s` : read(undefined)} ${name}`;
    const {
      connectionsTotal,
      connectionsPerCluster,
      connectionsDedicated,
      connectionsPerTenant,
      connectionWaitMs,
    } = CONNECTIONS;
    expect(
      documentedBounds((bound) => /^service: (wait|connections (in use|that serve))/.test(bound)),
    ).toEqual({
      'service: connections that serve, all together': shown(connectionsTotal),
      'service: connections that serve, of the shared login to a cluster': shown(connectionsPerCluster),
      "service: connections that serve, of tenants' own logins to a cluster": shown(connectionsDedicated),
      'service: connections in use by one tenant': shown(connectionsPerTenant),
      'service: wait for a connection that serves': shown(connectionWaitMs),
    });
  });
});
