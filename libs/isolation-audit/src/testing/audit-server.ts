import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '@tenantry/testing/servers';

/** A PostgreSQL of its own, since holes are made in roles and settings of the whole server too. */
export interface AuditServer {
  /** A superuser's URL of a database. */
  urlOf(database: string, login?: { readonly name: string; readonly password: string }): string;
  stop(): Promise<void>;
}

export async function startAuditServer(version: 15 | 18): Promise<AuditServer> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-audit-'));
  const start = () =>
    startPostgres({
      version,
      dataDir: path.join(folder, 'data'),
      password: 'postgres',
      settings: { fsync: 'off', synchronous_commit: 'off', wal_level: 'logical', shared_buffers: '16MB' },
    });
  const server = await start().catch(start);
  return {
    urlOf(database, login) {
      const url = new URL(server.adminUrl);
      url.pathname = `/${database}`;
      if (login) Object.assign(url, { username: login.name, password: login.password });
      return url.href;
    },
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
