import type { Client } from 'pg';
import type { Secret } from '../credentials/secret.js';
import type { TenantLogins } from '../credentials/tenant-logins.js';
import { databaseUrlOf } from '../database-url.js';
import { openClient, type ClientOptions } from '../database-pool.js';
import { SQLSTATE, sqlStateOf } from '../sql-errors.js';

/** How the clusters are reached by those who serve. */
export interface ServingClustersOptions {
  /** Of each cluster, by the name that routes have for it: the URL of the service's database for the login that serves. */
  readonly urls: ReadonlyMap<string, Secret>;
  /** For tenants with databases of their own. */
  readonly tenantLogins?: TenantLogins | undefined;
  readonly client: Omit<ClientOptions, 'url'>;
}

/** Opens connections of those who serve, with the credentials that hold at that moment. */
export class ServingClusters {
  /** The URLs by which the last connection was had: what is rotated may take a moment to hold on the other side. */
  private readonly proven = new Map<string, string>();

  constructor(private readonly options: ServingClustersOptions) {}

  knows(cluster: string): boolean {
    return this.options.urls.has(cluster);
  }

  /** To the service's own database there, by the login that serves all who share it. */
  async openShared(cluster: string): Promise<Client> {
    const url = this.urlOf(cluster);
    const before = this.proven.get(cluster);
    const { client, by } = await this.openByFirst(
      before === undefined || before === url ? [url] : [url, before],
    );
    this.proven.set(cluster, by);
    return client;
  }

  /** To a tenant's own database, by its login. */
  async openDedicated(cluster: string, database: string): Promise<Client> {
    const { tenantLogins } = this.options;
    if (!tenantLogins)
      throw new Error('This process has no key for the logins of tenants with databases of their own.');
    const url = this.urlOf(cluster);
    const urls = tenantLogins
      .passwords(cluster, database)
      .map((password) => databaseUrlOf(url, database, { name: database, password }));
    return (await this.openByFirst(urls)).client;
  }

  private urlOf(cluster: string): string {
    const secret = this.options.urls.get(cluster);
    if (!secret) throw new Error(`The cluster ${cluster} is not configured here.`);
    return secret.read();
  }

  /** By the first whose password is taken. */
  private async openByFirst(
    urls: readonly string[],
  ): Promise<{ readonly client: Client; readonly by: string }> {
    let refused: unknown;
    for (const by of urls) {
      try {
        return { client: await openClient({ ...this.options.client, url: by }), by };
      } catch (error) {
        if (sqlStateOf(error) !== SQLSTATE.wrongPassword) throw error;
        refused ??= error;
      }
    }
    throw refused;
  }
}
