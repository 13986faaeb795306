/**
 * Writes test/helm/schemas anew: JSON Schemas of the Kubernetes objects that the chart makes, strict, and no more of them than is
 * needed to check an object. They come from Go modules: Kubernetes' own OpenAPI document, of the oldest and of the newest version that the
 * chart is checked against, and the custom resource definitions of the Gateway API and of Prometheus's operator.
 *
 * `node scripts/tools/kubernetes-schemas.mjs`, after a version below was changed.
 */
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { fromRoot } from '../run.mjs';
import { goModule } from './go.mjs';

const KUBERNETES = ['v1.30.14', 'v1.36.3'];
const KINDS = [
  'apps/v1/Deployment',
  'autoscaling/v2/HorizontalPodAutoscaler',
  'batch/v1/Job',
  'core/v1/ConfigMap',
  'core/v1/Pod',
  'core/v1/Secret',
  'core/v1/Service',
  'core/v1/ServiceAccount',
  'networking.k8s.io/v1/Ingress',
  'networking.k8s.io/v1/NetworkPolicy',
  'policy/v1/PodDisruptionBudget',
];
const CUSTOM = [
  { module: 'sigs.k8s.io/gateway-api@v1.4.1', folder: 'config/crd/standard', kinds: ['HTTPRoute'] },
  {
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
    kinds: ['PrometheusRule', 'ServiceMonitor'],
  },
];
const TARGET = fromRoot('test', 'helm', 'schemas');

/** Whether a keyword checks nothing, or is not JSON Schema. */
function isNeedless(keyword) {
  return (
    ['description', 'default', 'example', 'format'].includes(keyword) || keyword.startsWith('x-kubernetes-')
  );
}

/** Without what is needless, and with nothing beside the properties that are named. */
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (typeof schema !== 'object' || schema === null) return schema;
  if (schema['x-kubernetes-int-or-string'] || schema.format === 'int-or-string')
    return { type: ['integer', 'string'] };
  const reduced = Object.fromEntries(
    Object.entries(schema)
      .filter(([keyword]) => !isNeedless(keyword))
      .map(([keyword, value]) => [keyword, keyword === 'properties' ? ofEach(value, strict) : strict(value)]),
  );
  const open = schema.additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'];
  if (schema.properties && !open) reduced.additionalProperties = false;
  return reduced;
}

function ofEach(values, change) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

/** The schema of a kind, with the definitions that it leads to. */
function withDefinitions(name, all) {
  const definitions = {};
  const take = (reference) => {
    if (definitions[reference]) return;
    definitions[reference] = strict(all[reference]);
    for (const [, next] of JSON.stringify(definitions[reference]).matchAll(/"#\/definitions\/([^"]+)"/g))
      take(next);
  };
  take(name);
  return { $ref: `#/definitions/${name}`, definitions };
}

/** As kubeconform looks for it. */
function fileName(kind, group, version) {
  return (
    [kind.toLowerCase(), ...(group === 'core' ? [] : [group.split('.')[0]]), version].join('-') + '.json'
  );
}

async function kubernetes(version) {
  const folder = await goModule(`k8s.io/kubernetes@${version}`);
  const { definitions } = JSON.parse(
    await readFile(path.join(folder, 'api', 'openapi-spec', 'swagger.json'), 'utf8'),
  );
  const written = KINDS.map((one) => {
    const [group, apiVersion, kind] = one.split('/');
    const [name] = Object.entries(definitions).find(([, { 'x-kubernetes-group-version-kind': kinds = [] }]) =>
      kinds.some(
        (of) => of.kind === kind && of.version === apiVersion && of.group === (group === 'core' ? '' : group),
      ),
    );
    return [fileName(kind, group, apiVersion), withDefinitions(name, definitions)];
  });
  await write(version, written);
}

async function custom() {
  const written = [];
  for (const { module, folder, kinds } of CUSTOM) {
    const from = path.join(await goModule(module), folder);
    for (const file of await readdir(from)) {
      const { spec } = parse(await readFile(path.join(from, file), 'utf8')) ?? {};
      if (!kinds.includes(spec?.names?.kind)) continue;
      for (const { name, schema } of spec.versions.filter(
        ({ served, name }) => served && !name.includes('beta'),
      ))
        written.push([
          fileName(spec.names.kind, spec.group, name),
          withMetadata(strict(schema.openAPIV3Schema)),
        ]);
    }
  }
  await write('custom', written);
}

/** The definition of a custom resource leaves its metadata to Kubernetes. */
function withMetadata(schema) {
  return { ...schema, properties: { ...schema.properties, metadata: { type: 'object' } } };
}

async function write(folder, schemas) {
  await mkdir(path.join(TARGET, folder), { recursive: true });
  for (const [file, schema] of schemas)
    await writeFile(path.join(TARGET, folder, file), `${JSON.stringify(schema)}\n`);
}

await rm(TARGET, { recursive: true, force: true });
for (const version of KUBERNETES) await kubernetes(version);
await custom();
