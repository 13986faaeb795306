import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames } from '@tenantry/contracts';
import { newId } from '@tenantry/kernel';
import { waitFor } from '@tenantry/testing';
import {
  documentedAcls,
  startSecuredKafka,
  startSystem,
  testedTransports,
  type SecuredKafka,
  type SystemUnderTest,
} from '@tenantry/testing/servers';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TenantSteps } from './tenant-steps.js';

const PREFIX = 'secured';
const PASSWORDS = { 'control-plane': 'control-secret', reference: 'reference-secret' };
const topics = topicNames(PREFIX);

const onKafka = testedTransports().includes('kafka') ? describe : describe.skip;

onKafka('on a broker that wants TLS and a name from everybody', () => {
  let secured: SecuredKafka;
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let thief: Producer;

  beforeAll(async () => {
    secured = await startSecuredKafka(PASSWORDS);
    const admin = new Kafka({ brokers: [secured.broker.brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.createAcls({
      acl: documentedAcls({
        topicPrefix: PREFIX,
        controlPlanes: ['control-plane'],
        participants: ['reference', 'verifier'],
      }),
    });
    await admin.disconnect();

    const passwordFile = path.join(secured.folder, 'control-plane.password');
    await writeFile(passwordFile, `${PASSWORDS['control-plane']}\n`);
    const certificate = await secured.authority.certify('verifier');
    const everybody = { KAFKA_TOPIC_PREFIX: PREFIX, KAFKA_TLS_CA_FILE: secured.authority.caFile };
    system = await startSystem({
      transport: 'kafka',
      kafkaBrokers: secured.saslBrokers,
      env: {
        'control-plane': {
          ...everybody,
          KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
          KAFKA_SASL_USERNAME: 'control-plane',
          KAFKA_SASL_PASSWORD_FILE: passwordFile,
        },
        'data-plane': {
          ...everybody,
          KAFKA_SASL_MECHANISM: 'PLAIN',
          KAFKA_SASL_USERNAME: 'reference',
          KAFKA_SASL_PASSWORD: PASSWORDS.reference,
        },
        verifier: {
          ...everybody,
          KAFKA_BROKERS: secured.certificateBrokers,
          KAFKA_TLS_CERT_FILE: certificate.certFile,
          KAFKA_TLS_KEY_FILE: certificate.keyFile,
        },
      },
    });
    steps = new TenantSteps(system);
    // Whoever has taken over the data plane has its credentials.
    thief = new Kafka({
      brokers: [secured.saslBrokers],
      ssl: { ca: await readFile(secured.authority.caFile) },
      sasl: { mechanism: 'plain', username: 'reference', password: PASSWORDS.reference },
      logLevel: logLevel.NOTHING,
      retry: { retries: 1 },
    }).producer({ allowAutoTopicCreation: false });
    await thief.connect();
  }, 240_000);

  afterAll(async () => {
    await thief?.disconnect();
    await system?.stop();
    await secured?.remove();
  }, 60_000);

  it('a tenant lives its whole life with the rights that the documentation gives each side', async () => {
    const tenant = await steps.active('schema');
    await steps.suspend(tenant.id);
    await steps.reaches(tenant.id, 'SUSPENDED');
    await steps.reactivate(tenant.id);
    const { slug } = await steps.reaches(tenant.id, 'ACTIVE');
    await steps.delete({ id: tenant.id, slug }, 'PT0S');
    await steps.reaches(tenant.id, 'PURGED');
  }, 180_000);

  it('a data plane cannot speak for another: the broker refuses its topic, the control plane its name', async () => {
    await system.shutDown('data-plane');
    const { tenant, operation } = await steps.create();
    await steps.reaches(tenant.id, 'PROVISIONING');
    const forged = (participant: string) => ({
      key: tenant.id,
      value: JSON.stringify({
        operationId: operation.id,
        generation: tenant.generation,
        attempt: 1,
        participant,
        outcome: 'succeeded',
      }),
      headers: {
        'content-type': 'application/json',
        ce_specversion: '1.0',
        ce_id: newId(),
        ce_source: '/elsewhere',
        ce_type: 'participant.acknowledged.v1',
        ce_time: new Date().toISOString(),
        ce_subject: tenant.id,
        ce_tenantid: tenant.id,
      },
    });
    const foreign = [topics.acknowledgements('verifier'), topics.lifecycle, topics.state, topics.parked];
    for (const topic of foreign)
      await expect(thief.send({ topic, messages: [forged('verifier')] })).rejects.toThrow(/not authorized/i);
    await thief.send({ topic: topics.acknowledgements('reference'), messages: [forged('verifier')] });

    const refusals = () =>
      steps.rows<{ participant: string; reason: string }>(
        'control-plane',
        `SELECT participant, reason FROM tenantry.rejected_acknowledgement WHERE reason LIKE 'it names %'`,
      );
    await waitFor('the refusal to be recorded', async () => (await refusals()).length > 0, 30_000);
    expect(await refusals()).toEqual([
      { participant: 'reference', reason: 'it names verifier, but came from reference' },
    ]);
    expect((await steps.read(tenant.id)).state).toBe('PROVISIONING');
    await system.start('data-plane');
    await steps.reaches(tenant.id, 'ACTIVE');
  }, 180_000);
});
