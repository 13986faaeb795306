import { beforeAll, describe, expect, it } from '@jest/globals';
import { checkObjects, lint, NAMESPACE, RELEASE, renderText } from './chart.js';
import { MATRIX } from './matrix.js';
import {
  containersOf,
  nameOf,
  ofKind,
  parseObjects,
  podTemplates,
  selects,
  type Container,
  type KubernetesObject,
  type PodTemplate,
} from './objects.js';

type Labels = Readonly<Record<string, string>>;

/** Names of variables whose values nobody may read in a manifest. */
const SECRET = /PASSWORD$|TOKEN|_URLS?$|HASH(ES)?$|HEADERS$|KEY$|SASL_USERNAME/;
/** What is no secret itself: where one is, or which of several it is. */
const REFERENCE = /^(file:)?\/(run|etc)\/tenantry\/|\$\([A-Z0-9_]+\)$/;

describe.each(Object.entries(MATRIX))('%s', (_what, installed) => {
  let text: string;
  let objects: KubernetesObject[];
  let ours: KubernetesObject[];
  let pods: [string, PodTemplate][];
  beforeAll(async () => {
    text = await renderText(installed);
    objects = parseObjects(text);
    ours = objects.filter(({ metadata }) => metadata.labels !== undefined);
    pods = podTemplates(objects);
  });
  const containers = (): [string, Container][] =>
    pods.flatMap(([name, template]) =>
      containersOf(template).map(
        (container) => [`${name} ${container.name}`, container] as [string, Container],
      ),
    );

  it('passes the linter', () => lint(installed));

  it('is what Kubernetes takes, the oldest and the newest version', () => checkObjects(text));

  it('names nothing twice', () => {
    const names = objects.map(nameOf);
    // A hook and what it becomes in the release are told apart by their names, too.
    expect(names).toEqual([...new Set(names)]);
  });

  it('labels everything, and selects by what never changes', () => {
    for (const { metadata } of ours) {
      expect(Object.keys(metadata.labels ?? {})).toEqual(
        expect.arrayContaining(
          ['name', 'instance', 'version', 'part-of', 'managed-by'].map((one) => `app.kubernetes.io/${one}`),
        ),
      );
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/instance': RELEASE,
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.sh/chart': expect.stringMatching(/^tenantry-\d+\.\d+\.\d+$/),
      });
      expect(metadata.namespace).toBe(NAMESPACE);
    }
    const allowed = ['name', 'instance', 'component'].map((one) => `app.kubernetes.io/${one}`);
    for (const object of ours) {
      const selector = selectorOf(object);
      if (selector) expect(allowed).toEqual(expect.arrayContaining(Object.keys(selector)));
    }
  });

  it('gives each selector the Pods that are meant, and no others', () => {
    for (const { spec, metadata } of ofKind(objects, 'Deployment')) {
      const { matchLabels = {} } = (spec as { selector: { matchLabels: Labels } }).selector;
      const chosen = pods.filter(([, template]) => selects(matchLabels, template.metadata.labels));
      expect(chosen.map(([name]) => name)).toEqual([`Deployment/${metadata.name}`]);
    }
    for (const object of ['Service', 'PodDisruptionBudget'].flatMap((kind) => ofKind(ours, kind))) {
      const chosen = pods.filter(([, template]) =>
        selects(selectorOf(object) ?? {}, template.metadata.labels),
      );
      expect(chosen.map(([name]) => name)).toEqual([`Deployment/${object.metadata.name}`]);
    }
  });

  it('runs every container as nobody, on a file system that it cannot write', () => {
    expect(pods.length).toBeGreaterThan(0);
    for (const [name, { spec }] of pods) {
      expect([name, spec.securityContext]).toEqual([
        name,
        expect.objectContaining({
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        }),
      ]);
      expect([name, spec.automountServiceAccountToken]).toEqual([name, false]);
    }
    for (const [name, container] of containers()) {
      expect([name, container.securityContext]).toEqual([
        name,
        expect.objectContaining({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          privileged: false,
          capabilities: { drop: ['ALL'] },
        }),
      ]);
      expect([name, container.resources]).toEqual([
        name,
        expect.objectContaining({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: expect.objectContaining({ memory: expect.any(String) }),
        }),
      ]);
      expect([name, container.image]).toEqual([
        name,
        expect.stringMatching(/^tenantry\/(control|data)-plane[:@]/),
      ]);
    }
  });

  it('probes what serves, by ports that it has, and leaves it time to stop', () => {
    for (const { spec, metadata } of ofKind(objects, 'Deployment')) {
      const { template } = spec as unknown as { template: PodTemplate };
      const [container] = template.spec.containers;
      const ports = container?.ports?.map(({ name }) => name);
      expect([metadata.name, ports]).toEqual([metadata.name, ['http', 'metrics']]);
      const paths = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe].map(
        (probe) => probe?.httpGet.path,
      );
      expect(paths).toEqual(['/livez', '/livez', '/readyz']);
      const seconds = ['SHUTDOWN_DRAIN', 'SHUTDOWN_TIMEOUT'].map((name) => {
        const value = container?.env?.find((variable) => variable.name === name)?.value;
        return Number(/^PT(\d+)S$/.exec(value ?? '')?.[1]);
      });
      expect(template.spec.terminationGracePeriodSeconds).toBe(seconds[0]! + seconds[1]! + 10);
    }
  });

  it('holds no secret', () => {
    expect(ofKind(objects, 'Secret')).toEqual([]);
    expect(text).not.toMatch(/:\/\/[^\s/"']+:[^\s/"'@]+@/);
    for (const [name, { env = [] }] of containers()) {
      for (const variable of env.filter((one) => SECRET.test(one.name))) {
        if (variable.value === undefined) expect(variable.valueFrom?.secretKeyRef).toBeDefined();
        else if (variable.name !== 'URLS')
          expect([name, variable.name, variable.value]).toEqual([
            name,
            variable.name,
            expect.stringMatching(REFERENCE),
          ]);
      }
    }
  });

  it('refers to nothing that is not there', () => {
    const accounts = ofKind(objects, 'ServiceAccount').map(({ metadata }) => metadata.name);
    const configMaps = ofKind(objects, 'ConfigMap');
    for (const [name, template] of pods) {
      const { spec } = template;
      expect([name, [...accounts, 'given']]).toEqual([
        name,
        expect.arrayContaining([spec.serviceAccountName]),
      ]);
      const volumes = spec.volumes ?? [];
      for (const { configMap } of volumes) {
        if (!configMap) continue;
        const found = configMaps.find(({ metadata }) => metadata.name === configMap.name);
        expect([name, configMap.name, Object.keys(found?.data ?? {})]).toEqual([
          name,
          configMap.name,
          expect.arrayContaining(configMap.items?.map(({ key }) => key) ?? []),
        ]);
      }
      const mounted = containersOf(template).flatMap(({ volumeMounts = [] }) => volumeMounts);
      expect([name, volumes.map((volume) => volume.name).sort()]).toEqual([
        name,
        [...new Set(mounted.map((mount) => mount.name))].sort(),
      ]);
      for (const { env = [], volumeMounts = [] } of containersOf(template)) {
        const names = env.map((variable) => variable.name);
        expect(names).toEqual([...new Set(names)]);
        for (const { value = '' } of env) {
          const [, file] = /^(?:file:)?(\/(?:run|etc|var\/lib)\/tenantry\/\S*)$/.exec(value) ?? [];
          if (file === undefined) continue;
          const mount = volumeMounts.find(({ mountPath }) => file.startsWith(`${mountPath}/`));
          expect([name, value, mount]).toEqual([name, value, expect.anything()]);
        }
      }
    }
  });

  it('makes before the first installation whatever a hook needs', () => {
    const weight = ({ metadata }: KubernetesObject): number =>
      Number(metadata.annotations?.['helm.sh/hook-weight'] ?? 'NaN');
    const hooks = objects.filter(({ metadata }) =>
      metadata.annotations?.['helm.sh/hook']?.includes('pre-install'),
    );
    for (const job of ofKind(hooks, 'Job')) {
      const [[, template] = []] = podTemplates([job]);
      const needed = [
        template?.spec.serviceAccountName,
        ...(template?.spec.volumes ?? []).map(({ configMap }) => configMap?.name),
      ];
      for (const name of needed.filter((one) => one !== undefined && one !== 'given')) {
        const there = hooks.find(({ metadata, kind }) => metadata.name === name && kind !== 'Job');
        expect([name, there && weight(there) < weight(job)]).toEqual([name, true]);
      }
    }
  });

  it('lets nobody through who is not named', () => {
    const policies = ofKind(ours, 'NetworkPolicy');
    if (policies.length === 0) return;
    for (const { spec } of policies)
      expect((spec as { policyTypes: string[] }).policyTypes).toEqual(['Ingress', 'Egress']);
    for (const [name, template] of pods) {
      const own = policies.filter((policy) => selects(selectorOf(policy) ?? {}, template.metadata.labels));
      const before = name.startsWith('Job/') ? 1 : 2;
      expect([name, own.length]).toEqual([name, expect.any(Number)]);
      expect(own.length).toBeGreaterThanOrEqual(before);
    }
  });
});

function selectorOf({ kind, spec }: KubernetesObject): Labels | undefined {
  if (kind === 'Service') return spec?.['selector'] as Labels;
  const selector = (spec?.['podSelector'] ?? spec?.['selector']) as { matchLabels?: Labels } | undefined;
  return selector?.matchLabels;
}
