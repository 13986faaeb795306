import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Container, Volume } from '../objects.js';
import { configValue, secretValue, type Given } from './given.js';

/** Where a container's mounts are on this machine, by their mount paths. */
export type Mounts = ReadonlyMap<string, string>;

const READABLE_BY_ALL = 0o644;

/**
 * Puts the volumes of a Pod below a folder of its own, each file with the mode that the volume says.
 * @returns for each container what it has mounted, and nothing else. @throws Error where a Secret or a key is missing.
 */
export async function mountFiles(
  given: Given,
  pod: string,
  volumes: readonly Volume[],
  containers: readonly Container[],
): Promise<ReadonlyMap<string, Mounts>> {
  const folder = path.join(given.folder, pod);
  const folders = new Map(volumes.map(({ name }) => [name, path.join(folder, name)]));
  const perContainer = new Map(
    containers.map(({ name, volumeMounts = [] }) => {
      const mounts = volumeMounts.map((mount): [string, string] => {
        const from = folders.get(mount.name);
        if (from === undefined) throw new Error(`${pod} mounts ${mount.name}, which is no volume of it`);
        return [mount.mountPath, from];
      });
      return [name, new Map(mounts)];
    }),
  );
  const everywhere = new Map([...perContainer.values()].flatMap((mounts) => [...mounts]));
  for (const volume of volumes) {
    const target = folders.get(volume.name)!;
    await mkdir(target, { recursive: true });
    for (const { file, content, mode } of filesOf(given, volume)) {
      const at = path.join(target, file);
      // A file may say where another one is.
      await writeFile(at, volume.configMap ? relocate(content, everywhere) : content);
      await chmod(at, mode);
    }
  }
  return perContainer;
}

/** A text with what it says of mounted files made true on this machine; in one pass, since a folder here may be below another mount path. */
export function relocate(text: string, mounts: Mounts): string {
  const paths = [...mounts.keys()].sort((a, b) => b.length - a.length);
  if (paths.length === 0) return text;
  const mentioned = new RegExp(`(?<![\\w.-])(?:${paths.join('|')})(?=/)`, 'g');
  return text.replace(mentioned, (mountPath) => mounts.get(mountPath)!);
}

function filesOf(
  given: Given,
  { secret, configMap }: Volume,
): { file: string; content: string; mode: number }[] {
  if (secret) {
    return (secret.items ?? []).map(({ key, path: file }) => ({
      file,
      content: secretValue(given.secrets, secret.secretName, key),
      mode: secret.defaultMode ?? READABLE_BY_ALL,
    }));
  }
  return (configMap?.items ?? []).map(({ key, path: file }) => ({
    file,
    content: configValue(given.objects, configMap!.name, key),
    mode: configMap!.defaultMode ?? READABLE_BY_ALL,
  }));
}
