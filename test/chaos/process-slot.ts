import {
  COMPILE_CACHE,
  NODE_FLAGS,
  startGuarded,
  waitFor,
  type GuardedProcess,
} from '@tenantry/testing/servers';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Place } from './topology.ts';

const READY_TIMEOUT_MS = 120_000;
/** How long to wait before a process that ended by itself is started again. */
const RESTART_PAUSE_MS = 200;

export interface ProcessSlotOptions {
  readonly place: Place;
  /** The built entry point. */
  readonly file: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** How one life of a process ended: killed by signal 9, whoever sent it, or otherwise by itself. */
export type LifeEnd = 'killed' | 'ended';

/** Keeps one process running: whatever ends it, it is started again, once armed with a crash point when that was asked for. */
export class ProcessSlot {
  /** How often it ended although nobody had killed it. */
  endedByItself = 0;
  private current: GuardedProcess | undefined;
  /** Resolves when the present life has begun: in between there is nothing to signal. */
  private up = Promise.withResolvers<void>();
  private life = Promise.withResolvers<LifeEnd>();
  private order: string | undefined;
  private keeping: Promise<void> | undefined;
  private stopping = false;
  private held: PromiseWithResolvers<void> | undefined;
  private leaving = false;
  private file: string;
  private readonly options: ProcessSlotOptions;

  constructor(options: ProcessSlotOptions) {
    this.options = options;
    this.file = options.file;
  }

  get url(): string {
    return this.options.url;
  }

  get place(): Place {
    return this.options.place;
  }

  start(): void {
    this.keeping ??= this.keep();
  }

  /** Ends it as `kill -9` does, or what is being started in its place; what comes next is armed with `order`. Resolves when it is gone. */
  async kill(order?: string): Promise<void> {
    await this.up.promise;
    this.order = order;
    const { promise } = this.life;
    this.current?.signal('SIGKILL');
    await promise;
  }

  /**
   * Ends it in an orderly way; what comes next runs from `file`, if one is given. Resolves when it is gone.
   *
   * @returns its exit status.
   */
  async leave(file?: string): Promise<number> {
    await this.up.promise;
    const process = this.current;
    if (!process) throw new Error(`${this.place.name} is not running`);
    this.leaving = true;
    this.file = file ?? this.file;
    process.signal('SIGTERM');
    const { status } = await process.ended;
    return status;
  }

  /** Kills it and leaves it down until `release`. */
  async hold(): Promise<void> {
    this.held = Promise.withResolvers<void>();
    await this.kill();
  }

  release(): void {
    this.held?.resolve();
    this.held = undefined;
  }

  /** Resolves when the present life has ended. */
  get lifeEnd(): Promise<LifeEnd> {
    return this.life.promise;
  }

  /** Waits until it answers its probe. @throws Error after two minutes. */
  async ready(): Promise<void> {
    await waitFor(
      `${this.place.name} to be ready`,
      async () => {
        const answer = await fetch(`${this.options.url}/readyz`, {
          headers: { connection: 'close' },
          signal: AbortSignal.timeout(2000),
        });
        return answer.status === 200;
      },
      READY_TIMEOUT_MS,
    );
  }

  pause(): void {
    this.current?.signal('SIGSTOP');
  }

  resume(): void {
    this.current?.signal('SIGCONT');
  }

  async isStopped(): Promise<boolean> {
    const pid = this.current?.pid;
    if (pid === undefined) return false;
    try {
      const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)]);
      return stdout.startsWith('T');
    } catch {
      return false;
    }
  }

  /** Ends it for good, in an orderly way where it can. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.release();
    await Promise.race([this.up.promise, this.keeping]);
    this.resume();
    await this.current?.stop(15_000);
    await this.keeping;
  }

  private async keep(): Promise<void> {
    while (!this.stopping) {
      await this.held?.promise;
      const { order } = this;
      this.order = undefined;
      const began = await this.launch(order);
      this.up.resolve();
      const { status } = await began.ended;
      this.current = undefined;
      this.up = Promise.withResolvers();
      const killed = status === 128 + 9;
      if (!killed && !this.stopping && !this.leaving) this.endedByItself += 1;
      this.leaving = false;
      this.options.onLine(`-- ended with status ${status}`);
      const life = this.life;
      this.life = Promise.withResolvers<LifeEnd>();
      life.resolve(killed ? 'killed' : 'ended');
      if (!killed && !this.stopping) await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
    }
  }

  private async launch(order: string | undefined): Promise<GuardedProcess> {
    const { file } = this;
    const { env, onLine } = this.options;
    onLine(`-- starts${order === undefined ? '' : `, armed with ${order}`}`);
    const { PATH, HOME, TZ } = process.env;
    this.current = await startGuarded({
      command: process.execPath,
      args: [...NODE_FLAGS, file],
      env: {
        PATH,
        HOME,
        TZ,
        NODE_ENV: 'production',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        SHUTDOWN_DRAIN: 'PT0S',
        ...env,
        ...(order !== undefined && { TENANTRY_CRASH_AT: order }),
      },
      onLine,
    });
    return this.current;
  }
}
