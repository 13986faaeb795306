/** The names of clusters and of regions: lower-case ASCII that begins with a letter, at most 63 characters. */
export const CLUSTER_NAME_PATTERN = '^[a-z][a-z0-9-]{0,62}$';

const NAME = new RegExp(CLUSTER_NAME_PATTERN);

export function isClusterName(text: unknown): text is string {
  return typeof text === 'string' && NAME.test(text);
}
