import { freePort } from '@tenantry/testing/servers';
import {
  nameOf,
  objectNamed,
  ofKind,
  podTemplate,
  selects,
  type KubernetesObject,
  type PodTemplate,
} from '../objects.js';
import type { Given } from './given.js';
import { RunningPod, type Ports } from './running-pod.js';

interface ServiceSpec {
  readonly selector: Readonly<Record<string, string>>;
  readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[];
}

/** A release whose Pods run as processes on loopback, one for each Deployment. */
export class Release {
  private constructor(
    private readonly given: Given,
    private readonly pods: ReadonlyMap<string, RunningPod>,
  ) {}

  /** Does what `helm install` does and waits as `--wait` does: hooks by their weights, then everything else at once. */
  static async install(given: Given): Promise<Release> {
    const pods = new Map<string, RunningPod>();
    const release = new Release(given, pods);
    try {
      for (const job of hooks(given.objects, 'pre-install')) await release.run(job);
      await Promise.all(
        ofKind(given.objects, 'Deployment').map(async (deployment) => {
          const template = templateOf(deployment);
          const ports = await freePorts(template);
          const pod = await RunningPod.start(given, deployment.metadata, template, ports);
          pods.set(deployment.metadata.name, pod);
          await pod.ready();
        }),
      );
      return release;
    } catch (error) {
      await release.stop();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.pods.keys()];
  }

  /** The Pod of a Deployment. */
  pod(deployment: string): RunningPod {
    const pod = this.pods.get(deployment);
    if (!pod) throw new Error(`there is no Pod of ${deployment}`);
    return pod;
  }

  /** Where a Service leads to: by its selector to a Pod, by its port to one of that. */
  serviceUrl(name: string, port: number): string {
    const { spec } = objectNamed(this.given.objects, 'Service', name);
    const { selector, ports } = spec as unknown as ServiceSpec;
    const { targetPort } = ports.find((one) => one.port === port) ?? {};
    const [target] = ofKind(this.given.objects, 'Deployment').filter((deployment) =>
      selects(selector, templateOf(deployment).metadata.labels),
    );
    if (targetPort === undefined || !target) throw new Error(`the Service ${name} leads nowhere at ${port}`);
    return this.pod(target.metadata.name).url(targetPort);
  }

  /** Runs what `helm test` runs. @throws Error when one fails. */
  async test(): Promise<void> {
    for (const pod of hooks(this.given.objects, 'test')) await this.run(pod);
  }

  /** Ends every Pod. @returns their exit statuses. */
  async stop(): Promise<Record<string, number>> {
    const statuses = [...this.pods].map(async ([name, pod]) => [name, await pod.stop()] as const);
    return Object.fromEntries(await Promise.all(statuses));
  }

  /** Runs a Job or a bare Pod to its end. */
  private async run(object: KubernetesObject): Promise<void> {
    const template = templateOf(object);
    const pod = await RunningPod.start(this.given, object.metadata, template, new Map(), (text) =>
      text.replaceAll(/http:\/\/([a-z0-9-]+):(\d+)/g, (url, name: string, port: string) =>
        ofKind(this.given.objects, 'Service').some(({ metadata }) => metadata.name === name)
          ? this.serviceUrl(name, Number(port))
          : url,
      ),
    );
    await pod.succeeds();
  }
}

/** What makes Pods for an event of Helm's, in the order of their weights. */
function hooks(objects: readonly KubernetesObject[], event: string): KubernetesObject[] {
  const annotation = ({ metadata }: KubernetesObject, name: string): string =>
    metadata.annotations?.[`helm.sh/${name}`] ?? '';
  return objects
    .filter((object) => annotation(object, 'hook').split(',').includes(event) && podTemplate(object))
    .sort((a, b) => Number(annotation(a, 'hook-weight')) - Number(annotation(b, 'hook-weight')));
}

function templateOf(object: KubernetesObject): PodTemplate {
  const template = podTemplate(object);
  if (!template) throw new Error(`${nameOf(object)} makes no Pod`);
  return template;
}

async function freePorts({ spec }: PodTemplate): Promise<Ports> {
  const ports = new Map<number, number>();
  for (const { containerPort } of spec.containers[0]?.ports ?? []) ports.set(containerPort, await freePort());
  return ports;
}
