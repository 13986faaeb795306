/**
 * A participant in one file, without the kit: what it knows of a tenant is a JSON file in STATE_DIR. It is correct, unless FAULT
 * names one of the mistakes that the conformance kit has to find; each is marked where it is made.
 */
import { checkIncoming, isFactType, isRequestType } from '@tenantry/contracts';
import { createEmbeddedParticipantTransport, createKafkaParticipantTransport } from '@tenantry/messaging';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const { PARTICIPANT_NAME: me, STATE_DIR: folder, FAULT = 'none' } = process.env;
const { EMBEDDED_TRANSPORT_URL: url, KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: topicPrefix } = process.env;
const STORE = 'primary';
// Where a kill has to hit the middle of the work, there is more of it.
const STEP_MS = ['answers-before-doing', 'stuck-after-crash'].includes(FAULT) ? 150 : 10;
const has = (fault) => FAULT === fault;
const silent = () => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

mkdirSync(folder, { recursive: true });
const transport = url
  ? createEmbeddedParticipantTransport({ url, logger, leaseMs: 1000, pollMs: 50, concurrency: 8 })
  : createKafkaParticipantTransport({
      participant: me,
      brokers: brokers.split(','),
      clientId: me,
      topicPrefix,
      logger,
    });

const forgetful = new Map();
const fileOf = (tenantId) => path.join(folder, `${tenantId}.json`);

function load(tenantId) {
  const nothing = { state: 'none', generation: 0, seq: '0', rows: [], effects: 0 };
  try {
    const known = JSON.parse(readFileSync(fileOf(tenantId), 'utf8'));
    // Fault: its bookkeeping is kept in memory and gone with the process; the tenant's data is not.
    if (has('forgets-on-crash'))
      return { ...known, seq: '0', generation: 0, answer: undefined, ...forgetful.get(tenantId) };
    return known;
  } catch {
    return nothing;
  }
}

/** Whole or not at all. */
function save(tenantId, tenant) {
  if (has('forgets-on-crash'))
    forgetful.set(tenantId, { seq: tenant.seq, generation: tenant.generation, answer: tenant.answer });
  const file = fileOf(tenantId);
  writeFileSync(`${file}.new`, JSON.stringify(tenant));
  renameSync(`${file}.new`, file);
}

class Refused extends Error {}

/** Does what is missing; started again anywhere, it goes on. */
async function carryOut(tenantId, tenant, type, request) {
  const kind = /^tenant\.([a-z]+)_requested/.exec(type)[1];
  // Fault: it says that it has, and has not.
  if (has('answers-without-doing')) return { done: kind, rowsBefore: 0, rowsAfter: 0 };
  if (kind === 'purge') {
    tenant.found ??= tenant.rows.length;
    Object.assign(tenant, { state: 'purged', rows: [] });
    tenant.effects += 1;
    // Fault: nothing is counted.
    return has('purges-without-counts')
      ? { done: true }
      : { rowsBefore: tenant.found, rowsAfter: tenant.rows.length };
  }
  // Fault: a purged tenant comes back.
  if (tenant.state === 'purged' && !has('resurrects')) throw new Refused('the tenant was purged');
  if (kind === 'suspension') {
    tenant.state = 'suspended';
    tenant.effects += 1;
    return { closed: true };
  }
  if (!request.placements.some(({ store }) => store === STORE))
    throw new Refused(`no store ${STORE} is placed`);
  for (const row of ['roles', 'settings', 'marker']) {
    await pause(STEP_MS);
    if (!tenant.rows.includes(row)) tenant.rows.push(row);
    save(tenantId, tenant);
  }
  tenant.state = 'active';
  tenant.effects += 1;
  return { rows: tenant.rows.length };
}

async function answer(tenantId, request, outcome) {
  const { operationId, generation, attempt } = request;
  const data = { operationId, generation, attempt, participant: me, ...outcome };
  // Faults of what is said.
  if (has('wrong-operation')) data.operationId = randomUUID();
  if (has('wrong-generation')) data.generation += 1;
  if (has('always-first-attempt')) data.attempt = 1;
  if (has('breaks-schema')) data.outcome = 'done';
  if (has('undeclared-property')) data.retriable = true;
  await say('participant.acknowledged.v1', tenantId, data, String(generation));
}

async function say(type, subject, data, generation) {
  const message = {
    id: randomUUID(),
    source: `/tenantry/participants/${me}`,
    type,
    time: new Date().toISOString(),
    subject,
    ...(generation && { generation }),
    data,
  };
  await transport.acknowledge([message]);
}

const isOlder = (a, b) => {
  // Fault: the generation counts for nothing.
  if (has('ignores-generation')) return false;
  // Fault: 10 is less than 9.
  return has('compares-text') ? String(a) < String(b) : a < b;
};

async function handle(event) {
  const tenantId = event.subject;
  const tenant = load(tenantId);
  const seq = BigInt(event.tenantSeq);
  if (seq <= BigInt(tenant.seq) && !has('repeats-effects')) return;
  // Fault: it waits for what will never come.
  if (has('waits-in-gaps') && tenant.seq !== '0' && seq > BigInt(tenant.seq) + 1n) throw new Error('a gap');
  const passed = () => save(tenantId, { ...tenant, seq: String(seq) });

  if (!isRequestType(event.type)) {
    if (has('crashes-on-unknown') && !isFactType(event.type)) {
      // Fault: and at least it does not do so for ever.
      passed();
      process.exit(1);
    }
    // Fault: what it does not know holds up the tenant.
    if (has('blocks-on-unknown') && !isFactType(event.type)) throw new Error('what is that?');
    // Fault: facts are answered.
    if (has('answers-facts') && isFactType(event.type))
      await answer(
        tenantId,
        { operationId: randomUUID(), generation: 1, attempt: 1 },
        { outcome: 'succeeded', evidence: { noted: true } },
      );
    return passed();
  }
  const check = checkIncoming(event.type, event.data);
  if (!check.ok) {
    // Fault: what it cannot read ends it.
    if (has('crashes-on-broken-payloads')) {
      passed();
      process.exit(1);
    }
    return passed();
  }
  const request = check.data;
  if (!request.participants.includes(me) && !has('answers-others')) return passed();
  if (isOlder(request.generation, tenant.generation)) return passed();
  const stored =
    tenant.answer?.operationId === request.operationId && !has('repeats-effects') ? tenant.answer : undefined;
  if (stored) {
    // Fault: said once is said for ever.
    if (!has('never-repeats')) await answer(tenantId, request, stored.outcome);
    return passed();
  }
  await work(event, tenantId, tenant, request);
}

async function work(event, tenantId, tenant, request) {
  const { operationId, generation } = request;
  // Fault: whoever began it may have died.
  if (has('stuck-after-crash')) {
    const { working } = tenant;
    if (working?.operationId === operationId && working.by !== process.pid) return;
    tenant.working = { operationId, by: process.pid };
    save(tenantId, tenant);
  }
  tenant.generation = Math.max(tenant.generation, generation);
  let outcome;
  try {
    // Fault: what is promised is not done yet.
    const promised = has('answers-before-doing') && { rows: 3, rowsBefore: 0, rowsAfter: 0 };
    if (promised) {
      tenant.answer = { operationId, generation, outcome: { outcome: 'succeeded', evidence: promised } };
      save(tenantId, tenant);
    }
    const evidence = await carryOut(tenantId, tenant, event.type, request);
    outcome = { outcome: 'succeeded', evidence: promised || evidence };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Fault: nobody needs to ask again, and it says the opposite.
    outcome = { outcome: 'failed', retryable: has('retryable-for-ever'), error: error.message };
    // Fault: a failure is not worth mentioning.
    if (has('hides-failures')) return save(tenantId, { ...tenant, seq: event.tenantSeq });
  }
  tenant.answer = outcome.outcome === 'succeeded' ? { operationId, generation, outcome } : tenant.answer;
  save(tenantId, tenant);
  await answer(tenantId, request, outcome);
  save(tenantId, { ...tenant, seq: String(BigInt(event.tenantSeq)) });
}

async function beat() {
  if (has('no-heartbeat')) return;
  const capabilities = ['provision', 'suspend', 'reactivate', 'purge'];
  // Fault: it promises less than it is declared with.
  const named = has('heartbeat-lacks-capability') ? capabilities.slice(0, 3) : capabilities;
  await say('participant.heartbeat.v1', me, {
    participant: me,
    capabilities: named,
    stores: [STORE],
    version: '1',
  });
}

// Fault: it tells the world what only the control plane may.
if (has('writes-elsewhere')) {
  const { Kafka } = await import('kafkajs');
  const producer = new Kafka({ brokers: brokers.split(','), logLevel: 0 }).producer();
  await producer.connect();
  const [key, topic] = [randomUUID(), `${topicPrefix}.tenant.lifecycle.v1`];
  await producer.send({ topic, messages: [{ key, value: '{}' }] });
  await producer.disconnect();
}

// Fault: what was said is said again at every start.
if (has('repeats-at-start'))
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const tenantId = path.basename(file, '.json');
    const { answer: stored } = load(tenantId);
    if (stored) await answer(tenantId, { ...stored, attempt: 1 }, stored.outcome);
  }

const subscription = await transport.consumeLifecycle({
  group: me,
  handler: handle,
  onMalformed: async () => {
    const met = path.join(folder, 'met-malformed');
    if (!has('crashes-on-malformed') || existsSync(met)) return;
    // Fault: what is no event ends it; and at least only the first time.
    writeFileSync(met, '');
    process.exit(1);
  },
});
await beat();
const heart = setInterval(() => void beat(), 30_000);

process.on('SIGTERM', async () => {
  clearInterval(heart);
  await subscription.stop();
  await transport.close();
  process.exit(has('dies-badly') ? 1 : 0);
});
