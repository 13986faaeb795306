import path from 'node:path';
import TestSequencer from '@jest/test-sequencer';

/** What takes minutes, in this order: begun last, it would run alone while the other processor idles. */
const LONGEST = [
  'lifecycle-model.db.spec.ts',
  'conformance.db.spec.ts',
  'races.db.spec.ts',
  'kafka-transport.db.spec.ts',
  'embedded-transport.db.spec.ts',
  'conformance.e2e.ts',
  'verification.e2e.ts',
  'python-participant.e2e.ts',
  'static-stability.e2e.ts',
  'broker-down.e2e.ts',
  'audit.e2e.ts',
  'restore.e2e.ts',
  'rolling-restart.long.e2e.ts',
  'starting.e2e.ts',
  'parking.e2e.ts',
];

/** Jest's order, with what takes longest first. A fresh clone has no record of earlier runs, and Jest would go by the size of the files. */
export default class LongestFirst extends TestSequencer {
  async sort(tests) {
    const rank = (test) => {
      const place = LONGEST.indexOf(path.basename(test.path));
      return place < 0 ? LONGEST.length : place;
    };
    const usual = await super.sort([...tests]);
    return usual.sort((a, b) => rank(a) - rank(b));
  }
}
