import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fromRoot } from '../run.mjs';

/**
 * The folders of packages that go into an image, as the lock file names them: what the app and its libs depend on, directly or not. (Where
 * something else is wanted with the app, such as a companion that a package can do without, npm leaves it out of the image.)
 *
 * @param {string} app the app's folder, such as `apps/control-plane`.
 * @returns {Set<string>}
 */
export function shippedPackages(app) {
  const { packages } = JSON.parse(readFileSync(fromRoot('package-lock.json'), 'utf8'));
  const found = new Set();
  const waiting = [app];
  for (let folder; (folder = waiting.pop()) !== undefined;) {
    for (const name of Object.keys(packages[folder].dependencies ?? {})) {
      const place = placeOf(packages, folder, name);
      if (place === undefined || found.has(place)) continue;
      if (place.includes('node_modules/')) found.add(place);
      waiting.push(place);
    }
  }
  return found;
}

/** Where Node would find a package for a module in `folder`; of a workspace, its own folder. */
function placeOf(packages, folder, name) {
  for (let at = folder; ; at = path.dirname(at)) {
    const base = at === '.' ? '' : `${at}/`;
    const place = packages[`${base}node_modules/${name}`];
    if (place && !base.endsWith('node_modules/'))
      return place.link ? place.resolved : `${base}node_modules/${name}`;
    if (at === '.') return undefined;
  }
}
