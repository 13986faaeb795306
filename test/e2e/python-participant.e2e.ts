import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { topicNames, type AsyncApiDocument } from '@tenantry/contracts';
import { conformanceCases } from '@tenantry/testing/conformance';
import { startSystem, type SystemUnderTest } from '@tenantry/testing/servers';
import { waitFor } from '@tenantry/testing';
import { AnsweredMessages } from './answered-messages.js';
import { NOTES_COMMAND, NotesParticipant, canRunNotes } from './notes-participant.js';
import { TenantSteps } from './tenant-steps.js';

const KAFKA_BROKERS = process.env['KAFKA_BROKERS'] ?? '';
const NAME = 'notes';
const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const whereItRuns = canRunNotes ? describe : describe.skip;

interface Participant {
  readonly name: string;
  readonly capabilities: readonly string[];
  readonly stores: readonly string[];
}

whereItRuns('a participant in Python, written from the contract alone', () => {
  let system: SystemUnderTest;
  let steps: TenantSteps;
  let notes: NotesParticipant;
  let document: AsyncApiDocument;
  let topicPrefix: string;
  const start = () => notes.start({ KAFKA_BROKERS, KAFKA_TOPIC_PREFIX: topicPrefix, PARTICIPANT_NAME: NAME });
  const registered = async (): Promise<Participant | undefined> => {
    const { body } = await system.control.get<{ data: Participant[] }>('/v1/participants');
    return body.data.find(({ name }) => name === NAME);
  };
  const taskOf = async (operationId: string) =>
    (await steps.operation(operationId)).tasks.find(({ participant }) => participant === NAME);

  beforeAll(async () => {
    system = await startSystem({ transport: 'kafka' });
    steps = new TenantSteps(system);
    // Whatever it needs to know is in what the control plane says to everyone.
    document = (await system.control.withKey().get<AsyncApiDocument>('/asyncapi.json')).body;
    topicPrefix = document.channels['lifecycle']?.address.replace(/\.tenant\.lifecycle\.v1$/, '') ?? '';
    notes = await NotesParticipant.prepare();
    await start();
  }, 180_000);
  afterAll(async () => {
    await notes?.remove();
    await system?.stop();
  }, 60_000);

  it('registers by its first heartbeat, and is waited for once it is required', async () => {
    const found = await waitFor('the participant to be registered', registered, 90_000);
    expect(new Set(found.capabilities)).toEqual(new Set(['provision', 'suspend', 'reactivate', 'purge']));
    expect(found.stores).toEqual(['primary']);
    const { status } = await system.control.request('PUT', `/v1/participants/${NAME}`, {
      body: { required: true, capabilities: found.capabilities, stores: found.stores },
    });
    expect(status).toBe(200);
  }, 120_000);

  it('takes a tenant through its whole life', async () => {
    const { tenant, operation } = await steps.create('pooled', {
      traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
    });
    await steps.reaches(tenant.id, 'ACTIVE');
    expect(await taskOf(operation.id)).toMatchObject({
      state: 'succeeded',
      evidence: { store: 'primary', notes: 2 },
    });
    expect(notes.probe(tenant.id).state).toBe('active');

    await steps.suspend(tenant.id);
    await steps.reaches(tenant.id, 'SUSPENDED');
    expect(notes.probe(tenant.id).state).toBe('suspended');

    await steps.reactivate(tenant.id);
    await steps.reaches(tenant.id, 'ACTIVE');
    expect(notes.probe(tenant.id).state).toBe('active');

    expect((await steps.delete(tenant, 'PT0S')).status).toBe(202);
    await steps.reaches(tenant.id, 'PURGED');
    const purge = await steps.purge(tenant.id);
    expect(await taskOf(purge?.id ?? '')).toMatchObject({
      state: 'succeeded',
      evidence: { notesBefore: 2, notesAfter: 0 },
    });
    expect(notes.probe(tenant.id)).toMatchObject({ state: 'purged', fingerprint: { notes: 0 } });
  }, 240_000);

  it('is killed, waited for, and goes on where it was', async () => {
    await notes.kill();
    const created = [];
    for (let n = 0; n < 5; n += 1) created.push(await steps.create());
    for (const { operation } of created) {
      await waitFor(
        'the others to have answered',
        async () =>
          (await steps.operation(operation.id)).tasks.find(({ participant }) => participant === 'reference')
            ?.state === 'succeeded',
        60_000,
      );
      expect((await steps.operation(operation.id)).state).not.toBe('succeeded');
    }
    await start();
    for (const { tenant } of created) await steps.reaches(tenant.id, 'ACTIVE', 90_000);
    for (const { tenant } of created) expect(notes.probe(tenant.id).state).toBe('active');
  }, 240_000);

  it('says what the document describes, headers included, and nothing that is refused', async () => {
    const said = await AnsweredMessages.read(KAFKA_BROKERS, topicNames(topicPrefix).acknowledgements(NAME));
    const answers = said.ofType('participant.acknowledged.v1');
    // Provision, suspend, reactivate, freeze for the deletion, purge, and five more tenants.
    expect(answers.length).toBeGreaterThanOrEqual(10);
    expect(said.ofType('participant.heartbeat.v1').length).toBeGreaterThanOrEqual(2);
    expect(said.problems(document)).toEqual([]);
    expect(answers.some(({ headers }) => headers['traceparent']?.startsWith(`00-${TRACE_ID}-`))).toBe(true);
    const refused = await steps.rows<{ reason: string }>(
      'control-plane',
      'SELECT reason FROM tenantry.rejected_acknowledgement WHERE participant = $1',
      [NAME],
    );
    expect(refused).toEqual([]);
  }, 60_000);

  it('ends in an orderly way', async () => {
    expect(await notes.stop()).toBe(0);
  }, 60_000);
});

whereItRuns('the participant in Python by the conformance kit', () => {
  let notes: NotesParticipant | undefined;
  conformanceCases({
    kafkaBrokers: KAFKA_BROKERS,
    participant: NAME,
    command: NOTES_COMMAND,
    stores: ['primary'],
    kills: 2,
    prepare: async () => {
      const prepared = await NotesParticipant.prepare();
      notes = prepared;
      return { env: prepared.env, probe: async (tenantId) => prepared.probe(tenantId) };
    },
  });
  afterAll(() => notes?.remove());
});
