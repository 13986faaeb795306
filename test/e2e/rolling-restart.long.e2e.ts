import { describe, expect, it } from '@jest/globals';
import { testedTransports } from '@tenantry/testing/servers';
import path from 'node:path';
import { complaints, rollingWaves, underLoad } from '../rolling/index.ts';

const ROOT = path.resolve(import.meta.dirname, '..', '..');

// On Kafka where there is a broker. For two minutes, process by process and on both transports: `npm run rolling-restart`.
describe.each(testedTransports().slice(-1))(
  'a restart of every process under load, on the %s transport,',
  (transport) => {
    it('fails no request, and loses and doubles nothing', async () => {
      const seed = process.env['ROLLING_SEED'] ?? String(Date.now());
      const log = [`seed ${seed}`];
      const report = await underLoad(
        {
          serverUrl: process.env['TEST_DATABASE_URL'] ?? '',
          kafkaBrokers: transport === 'kafka' ? process.env['KAFKA_BROKERS'] : undefined,
          buildRoot: ROOT,
          logFolder: path.join(ROOT, '.cache', 'rolling', `e2e-${transport}`),
          seed,
          rates: { perSecond: 30, tenantsPerSecond: 1 },
          say: (line) => void log.push(line),
        },
        rollingWaves,
      );
      expect({ log, complaints: complaints(report) }).toEqual({ log, complaints: [] });
      expect(report.restarts).toBe(7);
      expect(report.requests).toBeGreaterThan(50);
      expect(report.tenants).toBeGreaterThan(6);
    }, 240_000);
  },
);
