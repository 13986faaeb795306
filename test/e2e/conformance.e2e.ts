import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  ForeignTenants,
  conformanceCases,
  runConformance,
  type ConformanceOptions,
} from '@tenantry/testing/conformance';
import { testedTransports, type SystemTransport } from '@tenantry/testing/servers';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  REFERENCE_COMMAND,
  referenceParticipant,
  type ReferenceParticipant,
} from './reference-participant.js';
import {
  VERIFIER_COMMAND,
  verifyingParticipant,
  type VerifyingParticipant,
} from './verifying-participant.js';

const KAFKA_BROKERS = process.env['KAFKA_BROKERS'];

/** Registered before the database is there, so the URL only names the transport. */
const transportOptions = (transport: SystemTransport) =>
  transport === 'kafka' ? { kafkaBrokers: KAFKA_BROKERS } : { embeddedUrl: 'postgres://to.be.made' };

/** What was prepared, without the database of the other transport. */
const preparedFor = (
  transport: SystemTransport,
  { prepared }: ReferenceParticipant | VerifyingParticipant,
) => {
  const { embeddedUrl, ...rest } = prepared;
  return transport === 'kafka' ? rest : { ...rest, embeddedUrl };
};

describe.each(testedTransports())(
  'the reference data plane as a participant on the %s transport',
  (transport) => {
    let participant: ReferenceParticipant | undefined;
    conformanceCases({
      ...transportOptions(transport),
      participant: 'reference',
      command: REFERENCE_COMMAND,
      // How a tenant's database is made has nothing to do with the transport, and takes its time.
      isolations: transport === 'kafka' ? ['pooled', 'schema'] : ['pooled', 'schema', 'database'],
      stores: ['primary'],
      kills: 2,
      prepare: async () => preparedFor(transport, (participant = await referenceParticipant())),
    });
    afterAll(() => participant?.drop());
  },
);

describe('the verifier as a participant', () => {
  let participant: VerifyingParticipant | undefined;
  conformanceCases({
    ...transportOptions('embedded'),
    participant: 'verifier',
    command: VERIFIER_COMMAND,
    capabilities: ['verify'],
    burst: 20,
    kills: 1,
    prepare: async () => preparedFor('embedded', (participant = await verifyingParticipant())),
  });
  afterAll(() => participant?.drop());
});

if (testedTransports().includes('kafka'))
  describe('the conformance kit on the kafka transport', () => {
    const topicPrefix = `conformance-${randomBytes(4).toString('hex')}`;
    const example = path.resolve('libs/testing/src/conformance/testing/example-participant.mjs');
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'tenantry-example-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const options = (mistake: string): ConformanceOptions => ({
      participant: 'example',
      kafkaBrokers: KAFKA_BROKERS,
      topicPrefix,
      command: `"${process.execPath}" "${example}"`,
      env: { STATE_DIR: folder, FAULT: mistake },
      cases: ['provisions', 'own-channel', 'heartbeat'],
    });

    it('finds what a participant writes to topics that are not its own, and keeps away from topics with such tenants', async () => {
      expect((await runConformance(options('none'))).ok).toBe(true);
      // Its own tenants do not keep it away.
      const { results } = await runConformance(options('writes-elsewhere'));
      expect(results.filter(({ outcome }) => outcome === 'failed')).toEqual([
        expect.objectContaining({
          id: 'own-channel',
          reason: `1 messages on topic ${topicPrefix}.tenant.lifecycle.v1`,
        }),
      ]);
      await expect(runConformance(options('none'))).rejects.toThrow(ForeignTenants);
      expect((await runConformance({ ...options('none'), allowForeignTenants: true })).ok).toBe(true);
    }, 120_000);
  });
