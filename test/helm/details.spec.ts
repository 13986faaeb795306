import { describe, expect, it } from '@jest/globals';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import {
  CHART,
  checkObjects,
  lint,
  NAMESPACE,
  RELEASE,
  render,
  renderText,
  type Installed,
} from './chart.js';
import { MATRIX } from './matrix.js';
import {
  objectNamed,
  ofKind,
  parseObjects,
  podTemplate,
  type Container,
  type KubernetesObject,
} from './objects.js';

const API = `${RELEASE}-tenantry`;
const EXAMPLE = path.resolve(CHART, '..', 'examples', 'service');

async function rendered(name: string): Promise<KubernetesObject[]> {
  const installed = MATRIX[name];
  if (!installed) throw new Error(`the matrix has no ${name}`);
  return render(installed);
}

function container(objects: readonly KubernetesObject[], kind: string, name: string): Container {
  return podTemplate(objectNamed(objects, kind, name))!.spec.containers[0]!;
}

function variables({ env = [] }: Container): Record<string, string | undefined> {
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

describe('the control plane', () => {
  it('keeps the administrator’s URL from every process but the migration', async () => {
    const text = await renderText(MATRIX['the production profile with the reference services']!);
    for (const object of parseObjects(text).filter(({ kind }) => kind === 'Deployment'))
      expect(JSON.stringify(object)).not.toMatch(/admin-url|MIGRATE_DATABASE_URL|SCAN_ADMIN_URLS|BOOTSTRAP/);
  });

  it('is called the same, split or not', async () => {
    const ports = [{ name: 'http', port: 80, targetPort: 'http', appProtocol: 'http' }];
    for (const mode of ['split', 'combined']) {
      const objects = await render({
        profiles: ['small', 'reference'],
        values: { controlPlane: { mode } },
      });
      expect(objectNamed(objects, 'Service', API).spec).toMatchObject({
        type: 'ClusterIP',
        ports: expect.arrayContaining(ports),
      });
    }
  });

  it('is told what the values say, whole numbers as such', async () => {
    const objects = await rendered('everything that the control plane can be told');
    expect(variables(container(objects, 'Deployment', API))).toMatchObject({
      DATABASE_POOL_SIZE: '40',
      MIN_GRACE_PERIOD: 'P7D',
      OUTBOX_NOTIFY: 'off',
      // Helm reads numbers as floating ones, which would become 1e+06.
      SWEEP_INTERVAL_MS: '1000000',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      OTEL_RESOURCE_ATTRIBUTES: expect.stringContaining('cloud.region=eu-central-1,'),
    });
    expect(variables(container(objects, 'Job', `${API}-migrate`))).toMatchObject({
      PARTICIPANTS: 'reference@primary+files,search?=purge,verifier=verify',
      DEFAULT_REGION: 'eu',
    });
  });

  it('scales its worker by the outbox, and leaves the number to that', async () => {
    const objects = await rendered('scaling by CPU, by the outbox and by whatever else');
    expect(objectNamed(objects, 'HorizontalPodAutoscaler', `${API}-worker`).spec).toMatchObject({
      scaleTargetRef: { kind: 'Deployment', name: `${API}-worker` },
      metrics: [
        {
          type: 'External',
          external: {
            metric: { name: 'tenantry_outbox_oldest_age_seconds' },
            target: { type: 'Value', value: '30' },
          },
        },
        { type: 'Resource' },
      ],
    });
    for (const name of [`${API}-worker`, API])
      expect(objectNamed(objects, 'Deployment', name).spec).not.toHaveProperty('replicas');
  });
});

describe('a migration', () => {
  it('runs before each installation and upgrade, in the order in which one needs the other', async () => {
    const objects = await rendered('the production profile with the reference services');
    const weights = ofKind(objects, 'Job').map(({ metadata }) => [
      metadata.name,
      metadata.annotations?.['helm.sh/hook'],
      Number(metadata.annotations?.['helm.sh/hook-weight']),
    ]);
    expect(weights.sort(([, , a], [, , b]) => Number(a) - Number(b))).toEqual([
      [`${API}-migrate`, 'pre-install,pre-upgrade', 0],
      [`${API}-reference-migrate`, 'pre-install,pre-upgrade', 10],
      [`${API}-verifier-migrate`, 'pre-install,pre-upgrade', 20],
    ]);
  });

  it('fails at once where the release is older than its database', async () => {
    const objects = await rendered('the small profile');
    expect(objectNamed(objects, 'Job', `${API}-migrate`).spec).toMatchObject({
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onExitCodes: { containerName: 'migrate', values: [78] } }],
      },
    });
  });

  it('is an init container of every process where hooks are not run', async () => {
    const objects = await rendered('migrations in an init container');
    expect(ofKind(objects, 'Job')).toEqual([]);
    for (const deployment of ofKind(objects, 'Deployment')) {
      const { initContainers } = podTemplate(deployment)!.spec;
      expect(initContainers).toMatchObject([
        { name: 'migrate', args: [expect.stringMatching(/\/main\.(verify-)?migrate\.js$/)] },
      ]);
    }
  });

  it('is given what a service is not: administrators of further clusters', async () => {
    const objects = await rendered('everything that the data plane and the verifier can be told');
    const clusters = (name: string): unknown =>
      JSON.parse(objectNamed(objects, 'ConfigMap', name).data?.['clusters.json'] ?? '');
    const at = (cluster: string, urls: Record<string, string>): object =>
      Object.fromEntries(
        Object.entries(urls).map(([key, file]) => [key, `file:/run/tenantry/clusters/${cluster}/${file}`]),
      );
    const serving = { databaseUrl: 'database-url', provisionerUrl: 'provisioner-url' };
    expect(clusters(`${API}-reference`)).toEqual({
      'eu-2': at('eu-2', serving),
      'eu-3': at('eu-3', serving),
    });
    expect(clusters(`${API}-reference-migrate`)).toEqual({
      'eu-2': at('eu-2', { ...serving, migrateUrl: 'migrate-url', supportUrl: 'support-url' }),
      'eu-3': at('eu-3', serving),
    });
  });
});

describe('Kafka', () => {
  it('knows each service by a user of its own', async () => {
    const objects = await rendered('the production profile with the reference services');
    const user = (name: string): unknown =>
      container(objects, 'Deployment', name).env?.find((one) => one.name === 'KAFKA_SASL_USERNAME')?.valueFrom
        ?.secretKeyRef?.name;
    expect([API, `${API}-worker`, `${API}-reference`, `${API}-verifier`].map(user)).toEqual([
      'tenantry-kafka',
      'tenantry-kafka',
      'tenantry-reference-kafka',
      'tenantry-verifier-kafka',
    ]);
  });

  it('is reached at the ports of its brokers, unless told', async () => {
    const objects = await rendered('a NetworkPolicy with names');
    expect(objectNamed(objects, 'NetworkPolicy', API).spec).toMatchObject({
      ingress: [
        {
          ports: [{ port: 'http' }],
          from: [
            { namespaceSelector: { matchLabels: { name: 'ingress' } } },
            // `helm test` calls it, too.
            { podSelector: { matchLabels: { 'app.kubernetes.io/component': 'test' } } },
          ],
        },
        { ports: [{ port: 'metrics' }] },
      ],
      egress: [
        {
          ports: [
            { protocol: 'UDP', port: 53 },
            { protocol: 'TCP', port: 53 },
          ],
        },
        { ports: [{ port: 5432 }, { port: 6432 }], to: [{ ipBlock: { cidr: '10.0.0.0/24' } }] },
        { ports: [{ port: 9093 }], to: [{ ipBlock: { cidr: '10.0.1.0/24' } }] },
        { ports: [{ port: 4318 }] },
        { ports: [{ port: 8443 }] },
      ],
    });
  });
});

describe('alert rules and dashboards', () => {
  interface Rule {
    readonly alert?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  }
  const monitored = (values: object): Installed => ({
    profiles: ['production', 'reference'],
    values: { metrics: values },
  });
  const rulesOf = (objects: readonly KubernetesObject[]): Rule[] => {
    const { groups } = objectNamed(objects, 'PrometheusRule', API).spec as { groups: { rules: Rule[] }[] };
    return groups.flatMap(({ rules }) => rules);
  };

  it('are those of deploy/alerts, with links that lead to the runbooks', async () => {
    const base = 'https://git.example.com/tenantry/blob/main';
    const prometheusRule = { runbookBaseUrl: `${base}/`, disabled: ['TenantryOutboxStalled'] };
    const alerts = rulesOf(await render(monitored({ prometheusRule }))).filter(
      ({ alert }) => alert !== undefined,
    );
    expect(alerts.length).toBeGreaterThan(10);
    for (const { annotations } of alerts) {
      const [, runbook = ''] = annotations?.['runbook_url']?.split(`${base}/`) ?? [];
      await expect(readFile(path.resolve(CHART, '..', '..', runbook), 'utf8')).resolves.toContain('#');
    }
    const all = rulesOf(await render(monitored({}))).flatMap(({ alert }) => alert ?? []);
    const left = alerts.flatMap(({ alert }) => alert ?? []);
    expect(all.filter((alert) => !left.includes(alert))).toEqual(['TenantryOutboxStalled']);
  });

  it('are none that are gone', async () => {
    const sources = path.resolve(CHART, '..', '..', 'deploy');
    for (const [folder, ending] of [
      ['alerts', '.yaml'],
      ['dashboards', '.json'],
    ] as const) {
      const files = async (of: string): Promise<string[]> =>
        (await readdir(path.join(of, folder))).filter((file) => file.endsWith(ending)).sort();
      expect(await files(path.join(CHART, 'files'))).toEqual(await files(sources));
    }
  });

  it('keep the templates that Prometheus fills in', async () => {
    const text = await renderText(monitored({}));
    expect(text).toMatch(/summary: .*\{\{ \$value \| humanizeDuration \}\}/);
  });

  it('come to Grafana whole', async () => {
    const maps = ofKind(await render(monitored({})), 'ConfigMap').filter(
      ({ metadata }) => metadata.labels?.['grafana_dashboard'] === '1',
    );
    expect(maps.length).toBeGreaterThanOrEqual(4);
    for (const { data = {} } of maps)
      for (const [file, content] of Object.entries(data)) {
        const source = path.resolve(
          CHART,
          '..',
          '..',
          'deploy',
          'dashboards',
          file.replace(/^tenantry-/, ''),
        );
        expect(JSON.parse(content)).toEqual(JSON.parse(await readFile(source, 'utf8')));
      }
  });
});

describe('extra objects', () => {
  it('are rendered as templates where they are texts', async () => {
    const objects = await rendered('everything that a Pod can be given');
    expect(objectNamed(objects, 'ConfigMap', 'extra').data).toEqual({ some: 'thing' });
    expect(objectNamed(objects, 'ConfigMap', `${RELEASE}-templated`)).toBeDefined();
  });
});

describe('NOTES.txt', () => {
  it('says what to do next, of this release', async () => {
    const notes = await notesOf(MATRIX['the small profile with the reference services']!);
    expect(notes).toContain(`helm -n ${NAMESPACE} test ${RELEASE}`);
    expect(notes).toContain(`port-forward service/${API} 3000:80`);
    expect(notes).toContain('the Secret tenantry-transport');
    expect(notes).toMatch(/^ {5}reference$/m);
    expect(notes).toContain('metrics.prometheusRule');
    expect(await notesOf(MATRIX['reached by an Ingress and by the Gateway API']!)).toContain(
      'URL=https://tenants.example.com\n',
    );
  });

  /** Helm shows them to people alone, so they are rendered as an object of a copy of the chart. */
  async function notesOf(installed: Installed): Promise<string> {
    return withCopy(CHART, async (chart) => {
      await rename(path.join(chart, 'templates', 'NOTES.txt'), path.join(chart, 'files', 'notes'));
      await writeFile(
        path.join(chart, 'templates', 'notes.yaml'),
        'kind: Notes\nmetadata: {name: notes}\ndata: {text: {{ tpl (.Files.Get "files/notes") . | toJson }} }\n',
      );
      const objects = await render({ ...installed, chart });
      return objectNamed(objects, 'Notes', 'notes').data?.['text'] ?? '';
    });
  }
});

describe('the example of a service', () => {
  it('is deployed with the library as the reference service is', async () => {
    await withCopy(EXAMPLE, async (chart) => {
      await cp(path.join(CHART, 'charts'), path.join(chart, 'charts'), { recursive: true });
      await lint({ profiles: [], chart });
      const text = await renderText({ profiles: [], chart });
      await checkObjects(text);
      const objects = parseObjects(text);
      expect(objects.map(({ kind }) => kind).sort()).toEqual([
        'Deployment',
        'Job',
        'NetworkPolicy',
        'NetworkPolicy',
        'PodDisruptionBudget',
        'Service',
      ]);
      const { args, readinessProbe, securityContext } = container(
        objects,
        'Deployment',
        `${RELEASE}-billing`,
      );
      expect({ args, readinessProbe, securityContext }).toMatchObject({
        args: ['dist/main.js'],
        readinessProbe: { httpGet: { path: '/readyz', port: 'http' } },
        securityContext: { readOnlyRootFilesystem: true },
      });
    });
  });

  it('asks for the version of the library that there is', async () => {
    const { dependencies } = parse(await readFile(path.join(EXAMPLE, 'Chart.yaml'), 'utf8')) as {
      dependencies: { version: string }[];
    };
    const library = parse(
      await readFile(path.join(CHART, 'charts', 'tenantry-workload', 'Chart.yaml'), 'utf8'),
    ) as { version: string };
    expect(dependencies[0]?.version).toBe(library.version);
  });
});

describe('the chart’s version', () => {
  it('is that of the application, which is the images’ too', async () => {
    const chart = parse(await readFile(path.join(CHART, 'Chart.yaml'), 'utf8')) as { appVersion: string };
    const application = JSON.parse(
      await readFile(path.resolve(CHART, '..', '..', 'package.json'), 'utf8'),
    ) as {
      version: string;
    };
    expect(chart.appVersion).toBe(application.version);
  });
});

async function withCopy<T>(chart: string, work: (copy: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-chart-'));
  try {
    const copy = path.join(folder, path.basename(chart));
    await cp(chart, copy, { recursive: true });
    return await work(copy);
  } finally {
    await rm(folder, { recursive: true });
  }
}
