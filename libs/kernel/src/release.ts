/** A released version of Tenantry, as `package.json` has it. */
export interface Release {
  readonly version: string;
  /**
   * The oldest release whose processes may be started on a database that this one has migrated: the release before, whose processes
   * serve while an upgrade is under way and may be started again meanwhile.
   */
  readonly servesFrom: string;
}

/** The release that this code is, or becomes. Raised together with the versions of the packages; see docs/adr/0031. */
export const RELEASE: Release = { version: '0.1.0', servesFrom: '0.1.0' };

/** Negative where `a` is the older of two versions `major.minor.patch`, 0 where they are the same; what follows a hyphen does not count. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let n = 0; n < 3; n += 1) {
    const difference = (left[n] ?? 0) - (right[n] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return (version.split('-', 1)[0] ?? '').split('.').map(Number);
}
