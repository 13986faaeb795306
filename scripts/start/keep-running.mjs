const LONGEST_PAUSE_MS = 15_000;
const QUICK_DEATH_MS = 10_000;
const PACE = { firstPauseMs: 500, quickDeaths: 5 };

/**
 * Starts a process and starts it again, after a growing pause, whenever it ends by itself.
 *
 * @param {string} name for messages.
 * @param {() => Promise<import('@tenantry/testing/servers').GuardedProcess>} start starts it once.
 * @param {(message: string) => void} say
 * @param {{ firstPauseMs: number, quickDeaths: number }} pace the first pause, and how many deaths soon after a start
 *   are enough.
 * @returns `stop()` ends it for good; `failed` resolves with a message when it has died several times in a row soon
 *   after its start, and is then not started again.
 */
export async function keepRunning(name, start, say, pace = PACE) {
  let current = await start();
  let stopping = false;
  let endPause = () => {};
  const pause = (ms) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const watch = async () => {
    let quickDeaths = 0;
    let startedAt = performance.now();
    for (;;) {
      const end = await current.ended.then(({ status }) => `status ${status}`);
      if (stopping) return undefined;
      quickDeaths = performance.now() - startedAt < QUICK_DEATH_MS ? quickDeaths + 1 : 1;
      if (quickDeaths >= pace.quickDeaths) {
        return `${name} ended ${quickDeaths} times in a row within ${QUICK_DEATH_MS / 1000} s of its start, last with ${end}; its messages are above`;
      }
      const pauseMs = Math.min(pace.firstPauseMs * 2 ** (quickDeaths - 1), LONGEST_PAUSE_MS);
      say(`${name} ended unexpectedly with ${end}; starting it again in ${pauseMs} ms`);
      await pause(pauseMs);
      if (stopping) return undefined;
      startedAt = performance.now();
      try {
        current = await start();
        // Asked for while the start was under way, the stop has seen only the process that had ended.
        if (stopping) await current.stop();
      } catch (error) {
        return `${name} could not be started again: ${error.message}`;
      }
    }
  };
  const watching = watch();
  return {
    failed: watching.then((message) => message ?? new Promise(() => {})),
    stop: async () => {
      stopping = true;
      endPause();
      await current.stop();
      await watching;
    },
  };
}
