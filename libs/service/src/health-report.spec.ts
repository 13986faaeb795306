import { describe, expect, it } from '@jest/globals';
import { readReports } from './health-report.js';

describe('reports', () => {
  it('are read by name', async () => {
    const reports = [
      { name: 'routes', read: () => ({ status: 'ok', stalenessSeconds: 0.5 }) as const },
      { name: 'outbox', read: async () => ({ status: 'degraded', pending: 7 }) as const },
    ];
    expect(await readReports(reports)).toEqual({
      routes: { status: 'ok', stalenessSeconds: 0.5 },
      outbox: { status: 'degraded', pending: 7 },
    });
  });

  it('that fail are degraded, and do not tell why', async () => {
    const failing = { name: 'outbox', read: () => Promise.reject(new Error('password=hunter2')) };
    const throwing = {
      name: 'routes',
      read: () => {
        throw new Error('hunter2');
      },
    };
    const findings = await readReports([failing, throwing]);
    expect(findings).toMatchObject({ outbox: { status: 'degraded' }, routes: { status: 'degraded' } });
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });
});
