let armed: string | undefined;

/**
 * Arms one named crash point for this process (`TENANTRY_CRASH_AT`, read by the app's configuration).
 * It exists so that tests can prove what a kill -9 between two given instructions leaves behind; unarmed, it does nothing.
 */
export function armCrashPoint(name: string | undefined): void {
  armed = name === '' ? undefined : name;
}

/** Ends the process as `kill -9` would, without any clean-up, when this point is the armed one. */
export function crashPoint(name: string): void {
  if (armed === name) process.kill(process.pid, 'SIGKILL');
}
