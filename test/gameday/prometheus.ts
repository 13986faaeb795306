import { freePort, startGuarded, waitFor, type GuardedProcess } from '@tenantry/testing/servers';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'yaml';

/** An alert as Prometheus has it now. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface PrometheusOptions {
  /** Its own, which it makes. */
  readonly folder: string;
  /** The content of rule files, parsed. */
  readonly rules: readonly object[];
  /** Where metrics are read, `127.0.0.1:port`, every two seconds. */
  readonly targets: readonly string[];
  readonly onLine: (line: string) => void;
}

/** A real Prometheus that scrapes every two seconds and evaluates every second; nothing listens to its alerts but the one who asks. */
export class Prometheus {
  private readonly url: string;
  private readonly process: GuardedProcess;

  private constructor(url: string, process: GuardedProcess) {
    this.url = url;
    this.process = process;
  }

  /** @throws Error when the command `prometheus` cannot be had or does not come up. */
  static async start({ folder, rules, targets, onLine }: PrometheusOptions): Promise<Prometheus> {
    await mkdir(folder, { recursive: true });
    const files = rules.map((_, n) => path.join(folder, `rules-${n}.yaml`));
    await Promise.all(files.map((file, n) => writeFile(file, stringify(rules[n]))));
    const config = path.join(folder, 'prometheus.yaml');
    await writeFile(
      config,
      stringify({
        global: { scrape_interval: '2s', scrape_timeout: '2s', evaluation_interval: '1s' },
        rule_files: files,
        scrape_configs: [
          {
            job_name: 'tenantry',
            static_configs: [{ targets: [...targets], labels: { namespace: 'gameday' } }],
          },
        ],
      }),
    );
    const address = `127.0.0.1:${await freePort()}`;
    const process = await startGuarded({
      command: 'prometheus',
      args: [
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=warn',
      ],
      onLine,
    });
    const prometheus = new Prometheus(`http://${address}`, process);
    await waitFor(
      'Prometheus to be ready',
      async () => (await fetch(`http://${address}/-/ready`)).ok,
      60_000,
    );
    return prometheus;
  }

  /** Every alert that is pending or firing. */
  async alerts(): Promise<ActiveAlert[]> {
    return (await this.ask<{ alerts: ActiveAlert[] }>('alerts', {})).alerts;
  }

  /** How many series a query has had at any time since `from`. @throws Error with what Prometheus says of a query that is none. */
  async seriesSince(query: string, from: Date): Promise<number> {
    const span = { start: from.toISOString(), end: new Date().toISOString(), step: '5' };
    const { result } = await this.ask<{ result: unknown[] }>('query_range', { query, ...span });
    return result.length;
  }

  /** The values of a query now, by their labels. */
  async values(query: string): Promise<{ labels: Record<string, string>; value: number }[]> {
    const { result } = await this.ask<{
      result: { metric: Record<string, string>; value: [number, string] }[];
    }>('query', { query });
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  async stop(): Promise<void> {
    await this.process.stop();
  }

  private async ask<Data>(what: string, parameters: Record<string, string>): Promise<Data> {
    const answer = await fetch(`${this.url}/api/v1/${what}?${new URLSearchParams(parameters).toString()}`);
    const body = (await answer.json()) as { status: string; data: Data; error?: string };
    if (body.status !== 'success')
      throw new Error(`Prometheus: ${body.error}: ${parameters['query'] ?? what}`);
    return body.data;
  }
}
