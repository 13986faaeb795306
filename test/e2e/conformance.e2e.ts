import { afterAll, describe } from '@jest/globals';
import { conformanceCases } from '@tenantry/testing/conformance';
import { testedTransports } from '@tenantry/testing/servers';
import {
  REFERENCE_COMMAND,
  referenceParticipant,
  type ReferenceParticipant,
} from './reference-participant.js';

describe.each(testedTransports())(
  'the reference data plane as a participant on the %s transport',
  (transport) => {
    let participant: ReferenceParticipant | undefined;
    const onKafka = transport === 'kafka' && { kafkaBrokers: process.env['KAFKA_BROKERS'] };
    conformanceCases({
      participant: 'reference',
      command: REFERENCE_COMMAND,
      isolations: ['pooled', 'schema'],
      stores: ['primary'],
      kills: 2,
      // Registered before the database is there; it names the transport.
      ...(onKafka || { embeddedUrl: 'postgres://to.be.made' }),
      prepare: async () => {
        participant = await referenceParticipant();
        const { embeddedUrl, ...prepared } = participant.prepared;
        return { ...prepared, ...(onKafka ? {} : { embeddedUrl }) };
      },
    });
    afterAll(() => participant?.drop());
  },
);
