import type { Client } from 'pg';

/** By which logins a connection was made: the one that serves all who share a database, or a tenant's own. */
export type LoginClass = 'shared' | 'dedicated';

/** One connection of a group; it is idle, or lent to one borrower. */
export interface PooledConnection {
  readonly client: Client;
  /** Only who wants this login can have it. */
  readonly login: string;
  readonly group: ConnectionGroup;
  readonly openedAt: number;
  idleSince: number;
  /** Whether nothing has been heard of its loss. */
  alive: boolean;
}

/** The connections of one class of logins to one cluster: how many are open, and which of them are idle. */
export class ConnectionGroup {
  /** Those that are being opened or closed included. */
  open = 0;
  /** In the order in which they became idle. */
  private readonly idle = new Set<PooledConnection>();
  private readonly byLogin = new Map<string, PooledConnection[]>();

  constructor(
    readonly cluster: string,
    readonly loginClass: LoginClass,
    readonly max: number,
  ) {}

  get idleCount(): number {
    return this.idle.size;
  }

  /** The one that has been idle for longest. */
  get leastRecent(): PooledConnection | undefined {
    for (const connection of this.idle) return connection;
    return undefined;
  }

  put(connection: PooledConnection): void {
    this.idle.add(connection);
    const same = this.byLogin.get(connection.login);
    if (same) same.push(connection);
    else this.byLogin.set(connection.login, [connection]);
  }

  /** The login's connection that was used last, so that the others can grow old and be closed. */
  take(login: string): PooledConnection | undefined {
    const connection = this.byLogin.get(login)?.at(-1);
    if (connection) this.remove(connection);
    return connection;
  }

  /** @returns whether it was idle. */
  remove(connection: PooledConnection): boolean {
    if (!this.idle.delete(connection)) return false;
    const same = this.byLogin.get(connection.login) ?? [];
    same.splice(same.lastIndexOf(connection), 1);
    if (same.length === 0) this.byLogin.delete(connection.login);
    return true;
  }

  /** Those that have been idle since before then. */
  idleSince(before: number): PooledConnection[] {
    return [...this.idle].filter(({ idleSince }) => idleSince <= before);
  }
}
