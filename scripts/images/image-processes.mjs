import { execFile } from 'node:child_process';

/** Longer than a process takes that says for a while on /readyz that it is about to go, and then finishes what it has begun. */
const STOP_TIMEOUT_MS = 40_000;

/**
 * Runs commands of images on this machine's loopback, each sealed off as its container would be.
 *
 * @param {Record<string, Awaited<ReturnType<typeof import('./sealed.mjs').seal>>>} sealed how to start something in each image.
 * @param {typeof import('@tenantry/testing/servers')} servers
 */
export function imageProcesses(sealed, servers) {
  const running = new Map();

  /** Its own ports, on loopback alone. */
  async function withPorts(env) {
    const [port, metricsPort] = [await servers.freePort(), await servers.freePort()];
    return { ...env, HOST: '127.0.0.1', PORT: String(port), METRICS_PORT: String(metricsPort) };
  }

  /** @returns {Promise<{ status: number, out: string }>} how a command of an image ended, and everything it wrote. */
  function toItsEnd(image, args, env) {
    const { command, args: all, ...options } = sealed[image].command(['node', ...args], env);
    return new Promise((resolve) => {
      execFile(command, all, { ...options, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
        resolve({ status: error ? Number(error.code ?? 1) : 0, out: stdout + stderr }),
      );
    });
  }

  return {
    toItsEnd,

    /**
     * Starts a process of an image and waits until it is ready, and its health check says so.
     *
     * @param {{ name: string, image: string, command: string[], env: Record<string, string>, ready: string[] }} service
     * @returns {Promise<{ url: string, metricsUrl: string }>}
     * @throws Error with what it wrote when it ends instead, or takes longer than a minute.
     */
    async start({ name, image, command, env, ready }) {
      const lines = [];
      const own = await withPorts(env);
      const process = await servers.startGuarded({
        ...sealed[image].command(['node', ...command], own),
        onLine: (line) => lines.push(line),
      });
      running.set(name, process);
      const url = `http://127.0.0.1:${own.PORT}`;
      try {
        await servers.untilReady(url, process);
        const [, ...check] = ready;
        const { status, out } = await toItsEnd(image, check, own);
        if (status !== 0) throw new Error(`its health check ends with ${status}: ${out}`);
      } catch (error) {
        throw new Error(`${name}: ${error.message}\n${lines.slice(-20).join('\n')}`, { cause: error });
      }
      return { url, metricsUrl: `http://127.0.0.1:${own.METRICS_PORT}/metrics` };
    },

    /** Ends a process by SIGTERM. @throws Error unless it ends with 0. */
    async stop(name) {
      const process = running.get(name);
      running.delete(name);
      const { status } = await process.stop(STOP_TIMEOUT_MS);
      if (status !== 0) throw new Error(`${name} ended with ${status}`);
    },

    /** Ends whatever is still running. */
    async stopAll() {
      await Promise.all([...running.values()].map((process) => process.stop()));
      running.clear();
    },

    names: () => [...running.keys()],
  };
}
