import { COMPILE_CACHE, NODE_FLAGS, type AppEnvironment, type AppName } from '@tenantry/testing/servers';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { MIGRATIONS } from './topology.ts';

/** Migrates an installation's databases with the programs of one build. @throws what one of them wrote when it fails. */
export async function migrateBuild(
  buildRoot: string,
  environment: Readonly<Record<AppName, AppEnvironment>>,
): Promise<void> {
  const { PATH, HOME, TZ } = process.env;
  const surroundings = { PATH, HOME, TZ, NODE_ENV: 'production', NODE_COMPILE_CACHE: COMPILE_CACHE };
  for (const app of Object.keys(MIGRATIONS) as AppName[]) {
    const args = [...NODE_FLAGS, path.join(buildRoot, MIGRATIONS[app])];
    await promisify(execFile)(process.execPath, args, {
      env: { ...surroundings, ...environment[app].migrate },
    });
  }
}
