import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  freePort,
  startSystem,
  testedTransports,
  type AppName,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { parse } from 'yaml';
import { TenantSteps } from './tenant-steps.js';

const ROOT = path.resolve(import.meta.dirname, '..', '..');
const APPS = ['control-plane', 'data-plane', 'verifier'] as const satisfies readonly AppName[];

interface Rule {
  readonly record?: string;
  readonly expr: string;
}

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
}

function texts(folder: string, ending: string): string[] {
  return readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8'));
}

function blocks(kind: string): string[] {
  const pattern = new RegExp(`^\`\`\`${kind}\\n([^]*?)\\n\`\`\`$`, 'gm');
  return texts('docs/runbooks', '.md').flatMap((text) =>
    [...text.matchAll(pattern)].map(([, content = '']) => content),
  );
}

describe('what alerts, dashboards and runbooks rely on', () => {
  const transport = testedTransports().at(-1)!;
  const rules = texts('deploy/alerts', '.yaml')
    .flatMap((text) => (parse(text) as { groups: { rules: Rule[] }[] }).groups)
    .flatMap((group) => group.rules);
  const queries = [
    ...rules.map(({ expr }) => expr),
    ...texts('deploy/dashboards', '.json')
      .flatMap((text) => (JSON.parse(text) as Dashboard).panels)
      .flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...blocks('promql'),
  ];
  let system: SystemUnderTest;
  let urls: string[];
  beforeAll(async () => {
    const ports = await Promise.all(APPS.map(() => freePort()));
    urls = ports.map((port) => `http://127.0.0.1:${port}/metrics`);
    const env: Partial<Record<AppName, Record<string, string>>> = {};
    for (const [n, app] of APPS.entries()) env[app] = { METRICS_PORT: String(ports[n]) };
    env['data-plane'] = { ...env['data-plane'], ISOLATION_AUDIT_INTERVAL: 'PT1S' };
    system = await startSystem({ transport, env });
    const steps = new TenantSteps(system);
    const tenant = await steps.active();
    await steps.project(tenant.id);
  }, 120_000);
  afterAll(() => system?.stop());

  it('is measured: every metric of a query is shown by a running system, or recorded by a rule', async () => {
    const names = new Set(
      queries.flatMap((query) => query.match(/\b(tenantry[_:]|http_server|target_info)[a-z0-9_:]*/g) ?? []),
    );
    expect(names.size).toBeGreaterThan(30);
    const recorded = new Set(rules.flatMap(({ record }) => record ?? []));
    const wanted = [...names].filter((name) => !recorded.has(name));
    let missing: string[] = [];
    await waitFor(
      'every metric to be shown',
      async () => {
        const shown = (await Promise.all(urls.map(async (url) => (await fetch(url)).text()))).join('\n');
        missing = wanted.filter((name) => !new RegExp(`^${name}[{ ]`, 'm').test(shown));
        return missing.length === 0;
      },
      20_000,
    ).catch(() => expect(missing).toEqual([]));
  }, 60_000);

  it.each(['control-plane', 'data-plane'] as const)(
    'is there: every statement of a runbook can be prepared in the database of the %s',
    async (app) => {
      const statements = blocks(`sql ${app}`);
      expect(statements.length).toBeGreaterThan(5);
      const client = new Client({ connectionString: system.adminUrls[app] });
      await client.connect();
      try {
        for (const [n, statement] of statements.entries())
          await expect(client.query(`PREPARE runbook_${n} AS ${statement}`)).resolves.toBeDefined();
      } finally {
        await client.end();
      }
    },
  );
});
