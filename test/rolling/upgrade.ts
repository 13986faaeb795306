import { withClient } from '@tenantry/testing/servers';
import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import type { ProcessSlot } from '../chaos/process-slot.ts';
import type { Upheaval } from './under-load.ts';

export interface UpgradeOptions {
  readonly oldRoot: string;
  readonly newRoot: string;
  /** How long the old processes serve on the new schema before the new ones come. */
  readonly seconds: number;
  /** Whether processes are started again and replaced; without that only the migrations are tried. */
  readonly replaces: boolean;
  readonly say: (line: string) => void;
}

/** Long enough for a few hundred requests before the migration and after the last process was replaced. */
const QUIET_MS = 3_000;

/**
 * An upgrade as an orchestrator does it: the migration first, while the old processes serve; one old process of each kind is started again
 * on the new schema, as happens when a machine is drained meanwhile; then each is replaced by a new one.
 */
export function upgrade({ oldRoot, newRoot, seconds, replaces, say }: UpgradeOptions): Upheaval {
  return async ({ slots, migrate, restart, adminUrls }) => {
    const names = async () =>
      Object.fromEntries(
        await Promise.all(
          Object.entries(adminUrls).map(async ([app, url]) => [app, await applied(url)] as const),
        ),
      );
    const before = await names();
    await delay(QUIET_MS);
    await migrate(newRoot);
    for (const [app, now] of Object.entries(await names())) {
      const added = now.filter((name) => !before[app]?.includes(name));
      say(`${app}: ${added.length === 0 ? 'no new migration' : `applied ${added.join(', ')}`}`);
    }
    await delay(seconds * 1000);
    if (!replaces) return;
    for (const slot of slots.filter(({ place }) => !place.name.endsWith('-2')))
      await restart(slot, { file: fileOf(oldRoot, slot), withdrawFirst: true });
    say('the old version was started again on the new schema');
    for (const slot of slots) await restart(slot, { file: fileOf(newRoot, slot), withdrawFirst: true });
    say('the new version has taken over');
    await delay(QUIET_MS);
  };
}

function fileOf(root: string, { place }: ProcessSlot): string {
  return path.join(root, place.file);
}

async function applied(url: string): Promise<readonly string[]> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      'SELECT name FROM tenantry.migration ORDER BY name',
    );
    return rows.map(({ name }) => name);
  });
}
