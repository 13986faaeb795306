interface Armed {
  readonly name: string;
  readonly signal: 'SIGKILL' | 'SIGSTOP';
  /** How often the point is still passed before it strikes. */
  passes: number;
}

const ORDER = /^(?<pause>pause:)?(?<name>[^:]+)(?::(?<time>[1-9]\d{0,5}))?$/;

let armed: Armed | undefined;

/**
 * Arms one named crash point for this process (`TENANTRY_CRASH_AT`, read by the app's configuration): `name`, `name:3` to strike
 * when it is reached for the third time, and `pause:name` to stop the process there, as SIGSTOP does, until it is sent SIGCONT.
 * It exists so that tests can prove what a kill -9 between two given instructions leaves behind, or what a worker does that
 * slept through its lease; unarmed, it does nothing.
 *
 * @throws RangeError when the order cannot be read.
 */
export function armCrashPoint(order: string | undefined): void {
  armed = undefined;
  if (order === undefined || order === '') return;
  const { name, pause, time } = ORDER.exec(order)?.groups ?? {};
  if (name === undefined) throw new RangeError(`no crash point can be armed by "${order}"`);
  armed = { name, signal: pause ? 'SIGSTOP' : 'SIGKILL', passes: Number(time ?? 1) - 1 };
}

/** Ends the process as `kill -9` would, without any clean-up, or stops it, when this point is the armed one; once. */
export function crashPoint(name: string): void {
  if (armed?.name !== name) return;
  if (armed.passes-- > 0) return;
  const { signal } = armed;
  armed = undefined;
  process.kill(process.pid, signal);
}
