import type { KubernetesObject } from '../objects.js';

/** What a cluster has beside the release: Secrets, by name and key. */
export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What Pods are run from. */
export interface Given {
  /** The release, as Helm rendered it. */
  readonly objects: readonly KubernetesObject[];
  readonly secrets: Secrets;
  /** Where files of Pods are put. */
  readonly folder: string;
  /** The root of a built checkout, which stands in for the images. */
  readonly image: string;
}

/** A key of a Secret. @throws Error when there is none, as a container then does not start. */
export function secretValue(secrets: Secrets, name: string, key: string): string {
  const value = secrets[name]?.[key];
  if (value === undefined) throw new Error(`there is no key ${key} in a Secret ${name}`);
  return value;
}

/** A key of a ConfigMap of the release. @throws Error when there is none. */
export function configValue(objects: readonly KubernetesObject[], name: string, key: string): string {
  const value = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data?.[
    key
  ];
  if (value === undefined) throw new Error(`there is no key ${key} in a ConfigMap ${name}`);
  return value;
}
