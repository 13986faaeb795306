import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** How a process ended: its exit status, 128 + n after signal n. */
export interface ProcessEnd {
  readonly status: number;
}

/** A server process that never outlives the process that started it. */
export interface GuardedProcess {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the process itself. */
  signal(name: NodeJS.Signals): void;
  /** Sends the stop signal, waits, and kills what has not ended after `timeoutMs` (20 s unless told). */
  stop(timeoutMs?: number): Promise<ProcessEnd>;
  /** Ends the process and everything that it started, as `kill -9` does. */
  killAll(): Promise<ProcessEnd>;
}

export interface GuardedProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** What makes the process end in an orderly way; SIGTERM unless told. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT';
  /** Gets every line that the process writes, to stdout or stderr. */
  readonly onLine: (line: string) => void;
}

/**
 * The shell keeps one end of a pipe whose other end closes with the starting process, even after kill -9, and then
 * sends the stop signal. It tells the real process's id on descriptor 3.
 */
const GUARD = `
exec 4<&0
"$@" </dev/null 3>&- 4<&- &
child=$!
( while read -r _ <&4; do :; done; kill -"$STOP_SIGNAL" "$child" ) 2>/dev/null 3>&- &
guard=$!
exec 4<&-
echo "$child" >&3
exec 3>&-
wait "$child"
status=$?
kill "$guard" 2>/dev/null
exit "$status"
`;

/**
 * Starts a process in a session of its own, so that Ctrl-C in a terminal reaches only the one that started it, which
 * then decides the order in which things stop.
 *
 * @throws Error when the command cannot be started.
 */
export async function startGuarded(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  const shell = spawn('/bin/sh', ['-c', GUARD, 'guard', options.command, ...options.args], {
    cwd: options.cwd,
    env: { ...(options.env ?? process.env), STOP_SIGNAL: stopSignal.slice('SIG'.length) },
    uid: options.uid,
    gid: options.gid,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const ended = new Promise<ProcessEnd>((resolve, reject) => {
    shell.once('error', reject);
    shell.once('close', (code) => resolve({ status: code ?? 1 }));
  });
  ended.catch(() => undefined);
  for (const stream of [shell.stdout, shell.stderr])
    createInterface({ input: stream }).on('line', options.onLine);

  const pid = await Promise.race([firstNumber(shell.stdio[3] as Readable), ended.then(() => undefined)]);
  if (pid === undefined) throw new Error(`${options.command} could not be started`);
  let over = false;
  void ended.then(() => (over = true));
  const signal = (name: NodeJS.Signals) => {
    if (over) return;
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  };
  const stop = async (timeoutMs = 20_000) => {
    signal(stopSignal);
    const timer = setTimeout(() => signal('SIGKILL'), timeoutMs);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
    }
  };
  const killAll = () => {
    // The guard leads the session's process group, and nobody leaves that unless it means to.
    if (!over && shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
    return ended;
  };
  return { pid, ended, signal, stop, killAll };
}

async function firstNumber(stream: Readable): Promise<number> {
  for await (const line of createInterface({ input: stream })) return Number(line);
  return new Promise<never>(() => undefined);
}
