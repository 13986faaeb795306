import {
  cpSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Count } from './reader/evidence.ts';
import { runChaos, type ChaosOptions, type ChaosReport } from './run-chaos.ts';

interface Patch {
  /** A built file, below the root. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A protection that is taken out of a private copy of the build, to see that its absence is counted. */
export interface Mutation {
  readonly patches: readonly Patch[];
  /** What it is to be counted as; one of these is enough. */
  readonly seenAs: readonly Count[];
  /** Points at which somebody is paused besides those of the plan: where this protection is the last one. */
  readonly pausedAt?: readonly string[];
}

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  /** The consumer applies whatever is delivered, however often and in whatever order. */
  'position-guard': {
    patches: [
      {
        file: 'libs/messaging/dist/consumer/lifecycle-consumer.js',
        find: 'if (seq > position.last) {',
        replace: 'if (seq > 0n) {',
      },
    ],
    seenAs: ['doubled', 'outOfOrder'],
  },
  /** An acknowledgement counts for whatever the tenant's operation is now. */
  'generation-check': {
    patches: [
      {
        file: 'apps/control-plane/dist/acknowledgements/acknowledgement.js',
        find: 'if (answer.operationId !== operation.id || answer.generation !== operation.generation) {',
        replace: 'if (answer.operationId === "") {',
      },
    ],
    seenAs: ['early'],
  },
  /** Whoever has the request works the tenant, whoever else does. */
  'worker-lock': {
    patches: [
      {
        file: 'libs/data-plane-kit/dist/participant/tenant-lock.js',
        find: "while (!(await lockQuery(client, 'pg_try_advisory_lock', key))) {",
        replace: 'while (key === "") {',
      },
    ],
    seenAs: ['overlapping'],
    pausedAt: [
      'kit.purge.rows',
      'kit.provision.seed',
      'kit.purge.schema',
      'kit.purge.rows',
      'kit.purge.marker',
    ],
  },
  /** What a relay sends that slept through its lease stays the last word. */
  'state-repair': {
    patches: [
      {
        file: 'apps/control-plane/dist/bus/relay.lifetime.js',
        find: 'this.repair.start();',
        replace: '',
      },
    ],
    seenAs: ['outOfOrder'],
    pausedAt: Array.from({ length: 6 }, () => 'relay.before-send'),
  },
};

/** Runs chaos without the protection. @throws Error when there is no such mutation, or it no longer fits the code. */
export async function runMutation(
  name: string,
  options: Omit<ChaosOptions, 'buildRoot'>,
  root: string,
): Promise<ChaosReport> {
  const mutation = MUTATIONS[name];
  if (!mutation)
    throw new Error(`there is no mutation ${name}; there are ${Object.keys(MUTATIONS).join(', ')}`);
  const buildRoot = path.join(options.workFolder, 'build');
  copyBuild(root, buildRoot);
  for (const patch of mutation.patches)
    writeFileSync(path.join(buildRoot, patch.file), patched(buildRoot, patch));
  options.say(`running without ${name}`);
  try {
    return await runChaos({ ...options, buildRoot, pausedAt: mutation.pausedAt ?? [] });
  } finally {
    rmSync(buildRoot, { recursive: true, force: true });
  }
}

/** What becomes of the patch's file. @throws Error when what it replaces is not there exactly once. */
export function patched(root: string, { file, find, replace }: Patch): string {
  const parts = readFileSync(path.join(root, file), 'utf8').split(find);
  if (parts.length !== 2)
    throw new Error(`${file} has this ${parts.length - 1} times instead of once: ${find}`);
  return parts.join(replace);
}

/**
 * Copies what runs: the built libs and apps. Other packages are linked, so that each resolves the way it does at home; the libs'
 * names must lead to the copies.
 */
function copyBuild(root: string, target: string): void {
  rmSync(target, { recursive: true, force: true });
  for (const project of globSync('{libs,apps}/*/package.json', { cwd: root }).map((file) =>
    path.dirname(file),
  )) {
    for (const part of ['package.json', 'dist'])
      cpSync(path.join(root, project, part), path.join(target, project, part), { recursive: true });
    linkAll(path.join(root, project, 'node_modules'), path.join(target, project, 'node_modules'));
  }
  linkAll(path.join(root, 'node_modules'), path.join(target, 'node_modules'));
  const scope = path.join(target, 'node_modules', '@tenantry');
  rmSync(scope);
  mkdirSync(scope);
  for (const project of globSync('{libs,apps}/*', { cwd: target }))
    symlinkSync(path.join('..', '..', project), path.join(scope, path.basename(project)));
}

function linkAll(from: string, to: string): void {
  let names: string[];
  try {
    names = readdirSync(from);
  } catch {
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const name of names) symlinkSync(path.join(from, name), path.join(to, name));
}
