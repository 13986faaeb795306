import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The logins of the data plane on one cluster, as URLs. */
export interface ClusterUrls {
  readonly databaseUrl: string;
  readonly provisionerUrl: string;
  /** Of an administrator. */
  readonly migrateUrl: string;
}

/** Clusters beside the data plane's own, as CLUSTERS_FILE names them: by variables that hold the URLs. */
export interface ClustersFile {
  readonly file: string;
  readonly variables: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

/** Writes the file that tells a data plane of these clusters. */
export async function writeClustersFile(
  clusters: Readonly<Record<string, ClusterUrls>>,
): Promise<ClustersFile> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-clusters-'));
  const file = path.join(folder, 'clusters.json');
  const variables: Record<string, string> = {};
  const references = Object.entries(clusters).map(([name, urls]) => {
    const entries = Object.entries(urls).map(([key, url]: [string, string]) => {
      const variable = `TEST_${name}_${key}`.replaceAll('-', '_').toUpperCase();
      variables[variable] = url;
      return [key, `env:${variable}`];
    });
    return [name, Object.fromEntries(entries) as Record<keyof ClusterUrls, string>];
  });
  await writeFile(file, JSON.stringify(Object.fromEntries(references)));
  return { file, variables, remove: () => rm(folder, { recursive: true }) };
}
