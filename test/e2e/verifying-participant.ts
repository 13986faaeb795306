import type { PreparedOptions } from '@tenantry/testing/conformance';
import { testDatabase, verifierDatabase } from '@tenantry/testing';
import { COMPILE_CACHE, NODE_FLAGS, entryFile, freePort } from '@tenantry/testing/servers';

/** The verifier without a control plane, for one that plays it. */
export interface VerifyingParticipant {
  readonly prepared: PreparedOptions;
  drop(): Promise<void>;
}

/** The line that starts the verifier as it was built. */
export const VERIFIER_COMMAND = `"${process.execPath}" ${NODE_FLAGS.join(' ')} "${entryFile('verifier', 'main')}"`;

/** A fresh one, which looks at its own database alone; with it a scratch database for the embedded transport. */
export async function verifyingParticipant(): Promise<VerifyingParticipant> {
  const bus = await testDatabase();
  const books = await verifierDatabase([]);
  return {
    prepared: {
      embeddedUrl: bus.adminUrl,
      env: {
        VERIFIER_DATABASE_URL: books.url,
        SCAN_DATABASE_URLS: `default=${books.scanUrl}`,
        SCAN_DATABASES: books.scope.join(),
        PORT: String(await freePort()),
        NODE_ENV: 'production',
        NODE_COMPILE_CACHE: COMPILE_CACHE,
      },
    },
    drop: async () => {
      await books.drop();
      await bus.drop();
    },
  };
}
