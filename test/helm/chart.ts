import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { parseObjects, type KubernetesObject } from './objects.js';

const exec = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '..', '..');
const SCHEMAS = path.join(import.meta.dirname, 'schemas');

export const CHART = path.join(ROOT, 'helm', 'tenantry');
/** The oldest and the newest version that the chart is checked against; test/helm/schemas has a folder for each. */
export const KUBERNETES_VERSIONS = ['1.30.14', '1.36.3'] as const;
export const RELEASE = 'prod';
export const NAMESPACE = 'tenants';

/** A profile, by its file `values-<name>.yaml`. */
export type Profile = 'small' | 'production' | 'reference';

/** What is installed: profiles in their order, then values of a test's own. */
export interface Installed {
  readonly profiles: readonly Profile[];
  readonly values?: object;
  /** Another chart than ours. */
  readonly chart?: string;
}

/** What Helm would install. @throws Error with what Helm says. */
export async function render(installed: Installed): Promise<KubernetesObject[]> {
  return parseObjects(await renderText(installed));
}

/** The same, as the text that Helm writes. */
export async function renderText(installed: Installed): Promise<string> {
  const { chart = CHART } = installed;
  return withValues(installed, (files) =>
    helm('template', RELEASE, chart, '--namespace', NAMESPACE, '--kube-version', '1.34.0', ...files),
  );
}

/** What Helm's linter says, warnings counting as errors. @throws Error with that. */
export async function lint(installed: Installed): Promise<string> {
  const { chart = CHART } = installed;
  return withValues(installed, (files) =>
    helm('lint', chart, '--strict', '--kube-version', '1.34.0', ...files),
  );
}

/** Checks every object of a text strictly, by the schemas of each version. @throws Error naming what is wrong. */
export async function checkObjects(text: string): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-helm-'));
  try {
    const file = path.join(folder, 'objects.yaml');
    await writeFile(file, text);
    for (const version of KUBERNETES_VERSIONS) {
      const location = (of: string): string =>
        path.join(SCHEMAS, of, '{{ .ResourceKind }}{{ .KindSuffix }}.json');
      await exec(tool('KUBECONFORM'), [
        '-strict',
        ...['-kubernetes-version', version],
        ...['-schema-location', location('{{ .NormalizedKubernetesVersion }}')],
        ...['-schema-location', location('custom')],
        file,
      ]).catch(said(`Kubernetes ${version}`));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function withValues<T>(
  { profiles, values }: Installed,
  work: (files: string[]) => Promise<T>,
): Promise<T> {
  const files = profiles.flatMap((name) => ['--values', path.join(CHART, `values-${name}.yaml`)]);
  if (values === undefined) return work(files);
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-helm-'));
  try {
    const file = path.join(folder, 'values.yaml');
    await writeFile(file, stringify(values));
    return await work([...files, '--values', file]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function helm(...args: string[]): Promise<string> {
  const { stdout } = await exec(tool('HELM'), args, { maxBuffer: 64 * 1024 * 1024 }).catch(said('helm'));
  return stdout;
}

/** scripts/test-helm.mjs says where the tools are. */
function tool(name: 'HELM' | 'KUBECONFORM'): string {
  const command = process.env[name];
  if (!command) throw new Error(`${name} is not set: run \`npm run test:helm\``);
  return command;
}

function said(what: string): (error: unknown) => never {
  return (error) => {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${what}: ${stdout}${stderr}`.trim(), { cause: error });
  };
}
