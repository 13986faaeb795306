import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startGuarded, type GuardedProcess } from './guarded-process.js';
import { entryFile, type AppName } from './installation.js';
import { COMPILE_CACHE, NODE_FLAGS } from './node-settings.js';
import { waitFor } from './wait-for.js';

const READY_TIMEOUT_MS = 60_000;

export interface AppProcessOptions {
  readonly app: AppName;
  /** Which of its entry points; `main` unless told. */
  readonly entry?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
}

/** Starts a built entry point of an app as a process of its own; it does not wait for it to be ready. */
export function startApp({ app, entry = 'main', env, onLine }: AppProcessOptions): Promise<GuardedProcess> {
  return startGuarded({
    command: process.execPath,
    args: [...NODE_FLAGS, entryFile(app, entry)],
    env: withoutOurOwn(env),
    onLine,
  });
}

/** Runs an app's built `main.migrate` to its end. @throws Error with everything it wrote when it fails. */
export async function migrateApp(
  app: AppName,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
): Promise<void> {
  try {
    const args = [...NODE_FLAGS, entryFile(app, 'main.migrate'), ...options];
    await promisify(execFile)(process.execPath, args, { env: withoutOurOwn(env) });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`the migration of ${app} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Runs a built command of an app to its end. @returns its exit status and what it wrote to stdout. */
export async function runApp(
  app: AppName,
  entry: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly out: string }> {
  return new Promise((resolve) => {
    const all = [...NODE_FLAGS, entryFile(app, entry), ...args];
    execFile(process.execPath, all, { env: withoutOurOwn(env) }, (error, out) =>
      resolve({ status: Number(error?.code ?? 0), out }),
    );
  });
}

/** Waits until `/readyz` answers 200. @throws Error when the process ends instead or takes longer than a minute. */
export async function untilReady(
  baseUrl: string,
  app: GuardedProcess,
  timeoutMs = READY_TIMEOUT_MS,
): Promise<void> {
  let ended: number | undefined;
  void app.ended.then(({ status }) => (ended = status));
  await waitFor(
    `${baseUrl}/readyz to answer 200`,
    async () => {
      if (ended !== undefined) return 'ended';
      const { status } = await fetch(`${baseUrl}/readyz`, {
        headers: { connection: 'close' },
        signal: AbortSignal.timeout(5000),
      });
      return status === 200 && 'ready';
    },
    timeoutMs,
  );
  if (ended !== undefined) throw new Error(`the process ended with status ${ended} before it was ready`);
}

/** An app sees its own configuration only, not what happens to be set around it; its metrics are off, and nobody balances load, unless that says otherwise. */
function withoutOurOwn(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME, TZ } = process.env;
  const defaults = {
    NODE_ENV: 'production',
    METRICS_PORT: 'off',
    SHUTDOWN_DRAIN: 'PT0S',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
  };
  return { PATH, HOME, TZ, ...defaults, ...env };
}
