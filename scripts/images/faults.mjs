import { mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { besides } from './entry-points.mjs';
import { SBOM } from './sbom.mjs';

const MEGABYTES = 1024 * 1024;

/** A file that is added for a moment. */
const added = (file, text = '{}') => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return () => rmSync(file);
};

/** What could be wrong with an image, each with what a check has to say to it; planting answers how to undo it. */
const FAULTS = {
  'node_modules/jest is for development': (app) =>
    added(`${app}/node_modules/jest/package.json`, '{ "name": "jest", "version": "0.0.0" }'),
  'libs/kernel/dist/id.spec.js is a test': (app) => added(`${app}/libs/kernel/dist/id.spec.js`),
  'signing-key.pem is what may hold a secret': (app) => added(`${app}/signing-key.pem`),
  'node_modules/pg/fast.node is native': (app) => added(`${app}/node_modules/pg/fast.node`),
  'are more than 250 MB': (app) => {
    const undo = added(`${app}/dump`);
    truncateSync(`${app}/dump`, 260 * MEGABYTES);
    return undo;
  },
  'it does not list pkg:npm/kafkajs@': (app) => {
    const file = path.join(app, '..', SBOM);
    const text = readFileSync(file, 'utf8');
    const sbom = JSON.parse(text);
    sbom.components = sbom.components.filter(({ name }) => name !== 'kafkajs');
    // Another file of this name: that of the stage before is the same one.
    rmSync(file);
    writeFileSync(file, JSON.stringify(sbom));
    return () => writeFileSync(file, text);
  },
  'it lists pkg:npm/pino@': (app) => {
    renameSync(`${app}/node_modules/pino`, `${app}/../pino`);
    return () => renameSync(`${app}/../pino`, `${app}/node_modules/pino`);
  },
  'nobody tries apps/data-plane/dist/main.forgotten.js': (app) =>
    added(`${app}/apps/data-plane/dist/main.forgotten.js`),
};

/**
 * The checks of an image see what they are there for: every fault is planted, seen and taken away again.
 *
 * @param {{ root: string, config: object }} image that of the data plane, before anything runs in it.
 * @param {((root: string, config: object) => unknown)[]} checks
 * @throws Error naming the faults that no check saw.
 */
export async function faultsAreSeen({ root, config }, checks) {
  const app = path.join(root, 'app');
  const undo = Object.values(FAULTS).map((plant) => plant(app));
  const said = [];
  for (const check of [...checks, () => besides('data-plane', root, [])]) {
    try {
      check(root, { ...config, user: 'root' });
    } catch ({ message }) {
      said.push(message);
    }
  }
  for (const one of undo.reverse()) one();
  const unseen = [...Object.keys(FAULTS), 'it runs as root'].filter(
    (fault) => !said.join('\n').includes(fault),
  );
  if (unseen.length > 0) throw new Error(unseen.map((fault) => `no check says "${fault}"`).join('\n'));
  return { note: `${Object.keys(FAULTS).length + 1} faults` };
}
