import { waitFor, type PostgresServer } from '@tenantry/testing/servers';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { copyData, putSignal, queryAt, type ControlServer } from './control-server.ts';

/** How the control plane's database is saved, and brought back after it was lost. */
export interface RecoveryMethod {
  readonly what: string;
  /**
   * - `lost`: what was committed after the backup is gone, and the database itself shows that it is a restored one.
   * - `lost unseen`: it is gone, and only the state channel shows it.
   * - `nothing lost`: everything is there, so nobody may be asked for anything.
   */
  readonly outcome: 'lost' | 'lost unseen' | 'nothing lost';
  /** Whether the control plane goes on running while the database is lost and brought back. */
  readonly keepsRunning?: boolean;
  save(server: ControlServer, database: string): Promise<void>;
  recover(server: ControlServer, database: string): Promise<void>;
  /** Ends what `save` left running. */
  cleanUp?(): Promise<void>;
}

/** Each by its name. They are made anew for each drill, since some remember something. */
export const RECOVERY_METHODS: Readonly<Record<string, () => RecoveryMethod>> = {
  dump: () => ({
    what: 'pg_dump, and pg_restore into a new database',
    outcome: 'lost',
    save: (server, database) =>
      server.tool('pg_dump', ['--format=custom', `--file=${dumpFile(server)}`, urlOf(server, database)]),
    recover: async (server, database) => {
      await server.query(`DROP DATABASE ${database} WITH (FORCE)`);
      await server.query(`CREATE DATABASE ${database} TEMPLATE template0`);
      await server.tool('pg_restore', [
        '--exit-on-error',
        `--dbname=${urlOf(server, database)}`,
        dumpFile(server),
      ]);
    },
  }),

  pitr: () => ({
    what: 'a base backup and the archived log, recovered to a point in time',
    outcome: 'lost',
    save: async (server) => {
      await baseBackup(server, base(server));
      await server.query(`SELECT pg_create_restore_point('drill')`);
      // What is in an unfinished segment would be archived only with the next ones.
      await server.query('SELECT pg_switch_wal()');
    },
    recover: async (server) => {
      await server.stop();
      await server.replaceData(base(server));
      await putSignal(server.dataDir, 'recovery.signal');
      await server.start({
        restore_command: `cp ${server.archive}/%f %p`,
        recovery_target_name: 'drill',
        recovery_target_action: 'promote',
      });
      await untilWritable(server.adminUrl);
    },
  }),

  snapshot: () => ({
    what: 'a copy of the volume, put back',
    outcome: 'lost unseen',
    save: async (server) => {
      await server.stop();
      await copyData(server.dataDir, base(server), server.dataDir);
      await server.start();
    },
    recover: async (server) => {
      await server.stop();
      await server.replaceData(base(server));
      await server.start();
    },
  }),

  failover: () => {
    let standby: PostgresServer | undefined;
    const standbyData = (server: ControlServer) => path.join(server.folder, 'standby');
    return {
      what: 'a standby that had everything takes over',
      outcome: 'nothing lost',
      keepsRunning: true,
      save: async (server) => {
        await baseBackup(server, base(server), '--write-recovery-conf');
        await copyData(base(server), standbyData(server), server.dataDir);
        standby = await server.startBeside(standbyData(server));
      },
      recover: async (server) => {
        const [{ lsn } = { lsn: '0/0' }] = await server.query<{ lsn: string }>(
          'SELECT pg_current_wal_flush_lsn() AS lsn',
        );
        const { adminUrl } = standby!;
        await waitFor('the standby to have everything', async () => {
          const [row] = await queryAt<{ has: boolean }>(
            adminUrl,
            `SELECT pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn AS has`,
          );
          return row?.has;
        });
        await server.stop('power failure');
        await queryAt(adminUrl, 'SELECT pg_promote()');
        await untilWritable(adminUrl);
        // It takes over the address, too.
        await standby!.stop();
        standby = undefined;
        await server.replaceData(standbyData(server));
        await server.start();
      },
      cleanUp: async () => standby?.stop(),
    };
  },
};

const dumpFile = (server: ControlServer): string => path.join(server.folder, 'control.dump');
const base = (server: ControlServer): string => path.join(server.folder, 'base');

function urlOf(server: ControlServer, database: string): string {
  const url = new URL(server.adminUrl);
  url.pathname = `/${database}`;
  return url.href;
}

async function baseBackup(server: ControlServer, target: string, ...options: string[]): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await server.tool('pg_basebackup', [
    `--pgdata=${target}`,
    '--checkpoint=fast',
    '--wal-method=stream',
    `--dbname=${server.adminUrl}`,
    ...options,
  ]);
}

function untilWritable(url: string): Promise<unknown> {
  return waitFor('the recovery to end', async () => {
    const [row] = await queryAt<{ writable: boolean }>(url, 'SELECT NOT pg_is_in_recovery() AS writable');
    return row?.writable;
  });
}
