import {
  NODE_FLAGS,
  readableLogLine,
  startGuarded,
  waitFor,
  type GuardedProcess,
} from '@tenantry/testing/servers';
import { newId } from '@tenantry/kernel';
import path from 'node:path';
import type { Container, Metadata, PodTemplate, Probe } from '../objects.js';
import type { Given } from './given.js';
import { resolveEnvironment } from './pod-environment.js';
import { mountFiles, relocate, type Mounts } from './pod-files.js';

/** Ports of this machine, by those that a container says. */
export type Ports = ReadonlyMap<number, number>;

/** Where the images have the application; what is not absolute there is below it. */
const WORKING_DIRECTORY = '/app';

/** How much of what a Pod wrote an error repeats. */
const LAST_LINES = 10;

/** A Pod whose first container runs as a process on loopback. */
export class RunningPod {
  private constructor(
    readonly name: string,
    readonly container: Container,
    private readonly ports: Ports,
    private readonly process: GuardedProcess,
    private readonly graceMs: number,
    private readonly lines: readonly string[],
  ) {}

  /**
   * Runs the init containers, each to its end, and starts the container.
   * @param ports which free port of this machine stands for which of the container.
   * @param resolveUrl makes an address of the cluster's one of this machine.
   */
  static async start(
    given: Given,
    owner: Metadata,
    { spec }: PodTemplate,
    ports: Ports,
    resolveUrl: (text: string) => string = (text) => text,
  ): Promise<RunningPod> {
    const { initContainers = [], containers, volumes = [] } = spec;
    const name = `${owner.name}-${newId().slice(-8)}`;
    const all = [...initContainers, ...containers];
    const lines: string[] = [];
    const onLine = (line: string): void => {
      if (lines.push(readableLogLine(line)) > LAST_LINES) lines.shift();
    };
    const mounts = await mountFiles(given, name, volumes, all);
    const start = (container: Container): Promise<GuardedProcess> => {
      const env = resolveEnvironment(given, container, { ...owner, name });
      const here = onThisMachine(env, ports, mounts.get(container.name)!, resolveUrl);
      return startGuarded({ ...processOf(given, name, container, here), onLine });
    };
    for (const container of initContainers) {
      const { status } = await (await start(container)).ended;
      if (status !== 0)
        throw new Error([`${container.name} of ${name} ended with ${status}`, ...lines].join('\n'));
    }
    const [container] = containers;
    if (!container || containers.length > 1) throw new Error(`${name} has not just one container`);
    return new RunningPod(
      name,
      container,
      ports,
      await start(container),
      (spec.terminationGracePeriodSeconds ?? 30) * 1000,
      lines,
    );
  }

  /** Where a port is reached, by its name in the Pod. */
  url(port: string): string {
    const named = this.container.ports?.find(({ name }) => name === port);
    const mapped = named && this.ports.get(named.containerPort);
    if (mapped === undefined) throw new Error(`${this.name} has no port ${port}`);
    return `http://127.0.0.1:${mapped}`;
  }

  /**
   * Waits as the kubelet does until the container has started and is ready, then asks whether it lives.
   * @throws Error when a probe goes on failing for longer than it may, or the process ends.
   */
  async ready(): Promise<void> {
    const { startupProbe, readinessProbe, livenessProbe } = this.container;
    await this.passes('startupProbe', startupProbe, patience(startupProbe));
    await this.passes('readinessProbe', readinessProbe, patience(startupProbe));
    await this.passes('livenessProbe', livenessProbe, patience(livenessProbe));
  }

  /** What a probe is answered now. */
  async probe({ httpGet, timeoutSeconds }: Probe): Promise<number> {
    const { status } = await fetch(`${this.url(httpGet.port)}${httpGet.path}`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(timeoutSeconds * 1000),
    });
    return status;
  }

  /** Waits for the process to end by itself. @throws Error with its last lines unless it ends with 0. */
  async succeeds(): Promise<void> {
    const { status } = await this.process.ended;
    if (status !== 0) throw new Error([`${this.name} ended with ${status}`, ...this.lines].join('\n'));
  }

  /** Ends it as the kubelet does. @returns its exit status; after the grace period that of a kill. */
  async stop(): Promise<number> {
    return (await this.process.stop(this.graceMs)).status;
  }

  private async passes(what: string, probe: Probe | undefined, patienceMs: number): Promise<void> {
    if (!probe) throw new Error(`${this.name} has no ${what}`);
    let ended = false;
    void this.process.ended.then(() => (ended = true));
    await waitFor(
      `the ${what} of ${this.name} to succeed`,
      async () => ended || (await this.probe(probe)) === 200,
      patienceMs,
    ).catch((error: unknown) => {
      throw new Error([String(error), ...this.lines].join('\n'), { cause: error });
    });
    if (ended) throw new Error([`${this.name} ended before its ${what} succeeded`, ...this.lines].join('\n'));
  }
}

function patience(probe: Probe | undefined): number {
  return probe ? probe.periodSeconds * probe.failureThreshold * 1000 : 0;
}

/** A container as a process: the same command, in the folder that stands for the image's, with its own variables and no others. */
function processOf(given: Given, pod: string, container: Container, env: Record<string, string>) {
  const [command, ...args] = [...(container.command ?? []), ...(container.args ?? [])];
  if (command !== 'node') throw new Error(`${pod} runs ${command}, which the images do not have`);
  if (container.workingDir !== undefined && container.workingDir !== WORKING_DIRECTORY)
    throw new Error(`${pod} works in ${container.workingDir}, which the images do not have`);
  return {
    command: process.execPath,
    args: [...NODE_FLAGS, ...args],
    cwd: path.resolve(given.image),
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', NODE_ENV: 'production', ...env },
  };
}

/** Files are where they were put, and ports are free ones on loopback: nothing of a test listens to others. */
function onThisMachine(
  env: Readonly<Record<string, string>>,
  ports: Ports,
  mounts: Mounts,
  resolveUrl: (text: string) => string,
): Record<string, string> {
  const entries = Object.entries(env).map(([name, value]): [string, string] => {
    if (name === 'HOST' && value === '0.0.0.0') return [name, '127.0.0.1'];
    const port = name.endsWith('PORT') ? ports.get(Number(value)) : undefined;
    return [name, port === undefined ? resolveUrl(relocate(value, mounts)) : String(port)];
  });
  return Object.fromEntries(entries);
}
