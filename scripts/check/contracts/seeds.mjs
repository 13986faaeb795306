/** Mistakes in messages and what is no mistake, made in a copy of the contract; each names a type that has what it needs. */
const ANSWER = 'participant.acknowledged.v1';
const REQUEST = 'tenant.provisioning_requested.v1';
const STATE = 'tenant.state.v1';
const PARKED = 'participant.parked.v1';

const without = (list, name) => list.filter((other) => other !== name);

function rename(message, from, to) {
  const { [from]: schema, ...rest } = message.schema.properties;
  message.schema.properties = { ...rest, [to]: schema };
  if (message.schema.required.includes(from))
    message.schema.required = [...without(message.schema.required, from), to];
  for (const { payload } of message.examples) {
    payload[to] = payload[from];
    delete payload[from];
  }
}

function remove(message, name) {
  delete message.schema.properties[name];
  message.schema.required = without(message.schema.required, name);
  for (const { payload } of message.examples) delete payload[name];
}

function change(message, name, keywords) {
  Object.assign(message.schema.properties[name], keywords);
}

/** `seenBySamples`: whether reading samples alone must see it too; what is optional can go without any sample failing. */
export const VIOLATIONS = [
  { name: 'a renamed field', seenBySamples: true, seed: (c) => rename(c[ANSWER], 'outcome', 'result') },
  {
    name: 'a renamed optional field',
    seenBySamples: false,
    seed: (c) => rename(c[ANSWER], 'retryable', 'retriable'),
  },
  { name: 'a removed field', seenBySamples: true, seed: (c) => remove(c[REQUEST], 'desired') },
  { name: 'a removed optional field', seenBySamples: false, seed: (c) => remove(c[ANSWER], 'evidence') },
  {
    name: 'a tightened type',
    seenBySamples: true,
    seed: (c) => change(c[ANSWER], 'progress', { type: 'integer' }),
  },
  {
    name: 'a tightened type of an item',
    seenBySamples: true,
    seed: (c) => (c[STATE].schema.properties.routes.items.properties.database.type = 'string'),
  },
  {
    name: 'a tightened bound',
    seenBySamples: true,
    seed: (c) => change(c[ANSWER], 'progress', { maximum: 50 }),
  },
  {
    name: 'a tightened length',
    seenBySamples: true,
    seed: (c) => change(c[PARKED], 'error', { maxLength: 5 }),
  },
  {
    name: 'a tightened pattern',
    seenBySamples: true,
    seed: (c) => change(c[PARKED], 'tenantSeq', { pattern: '^[0-9]{9}$' }),
  },
  {
    name: 'a value that is gone',
    seenBySamples: true,
    seed: (c) => change(c[ANSWER], 'outcome', { enum: ['succeeded', 'failed'] }),
  },
  {
    name: 'a value that older readers do not know',
    seenBySamples: true,
    seed: (c) => change(c[STATE], 'state', { enum: [...c[STATE].schema.properties.state.enum, 'MOVING'] }),
  },
  {
    name: 'a widened type',
    seenBySamples: true,
    seed: (c) => change(c[STATE], 'plan', { type: ['string', 'null'] }),
  },
  {
    name: 'a new required field',
    seenBySamples: true,
    seed: (c) => {
      c[ANSWER].schema.properties.worker = { type: 'string' };
      c[ANSWER].schema.required = [...c[ANSWER].schema.required, 'worker'];
      for (const { payload } of c[ANSWER].examples) payload.worker = 'w1';
    },
  },
  {
    name: 'a field that became required',
    seenBySamples: true,
    seed: (c) => (c[ANSWER].schema.required = [...c[ANSWER].schema.required, 'evidence']),
  },
  {
    name: 'a field that is no longer required',
    seenBySamples: true,
    seed: (c) => (c[STATE].schema.required = without(c[STATE].schema.required, 'slug')),
  },
  {
    name: 'a closed object in place of an open one',
    seenBySamples: false,
    seed: (c) => change(c[ANSWER], 'evidence', { additionalProperties: false }),
  },
  {
    name: 'a property in an object that was open',
    seenBySamples: false,
    seed: (c) => change(c[ANSWER], 'evidence', { properties: { rows: { type: 'integer' } } }),
  },
  {
    name: 'a keyword that nothing is known of',
    seenBySamples: false,
    seed: (c) => change(c[ANSWER], 'evidence', { minProperties: 1 }),
  },
  {
    name: 'a header that is no longer sent',
    seenBySamples: true,
    seed: (c) => {
      const { headers, examples } = c[REQUEST];
      delete headers.properties.ce_tenantseq;
      headers.required = without(headers.required, 'ce_tenantseq');
      for (const example of examples) delete example.headers.ce_tenantseq;
    },
  },
  {
    name: 'a header that participants have to send now',
    seenBySamples: true,
    seed: (c) => (c[ANSWER].headers.required = [...c[ANSWER].headers.required, 'ce_generation']),
  },
  { name: 'a message that is gone', seenBySamples: false, seed: (c) => delete c[PARKED] },
  { name: 'a message on another topic', seenBySamples: false, seed: (c) => (c[STATE].channel = 'lifecycle') },
];

export const BENIGN = [
  {
    name: 'an optional field more',
    seed: (c) => {
      c[ANSWER].schema.properties.worker = { type: 'string' };
      c[ANSWER].examples[0].payload.worker = 'w1';
    },
  },
  {
    name: 'an optional field more in an item',
    seed: (c) => (c[STATE].schema.properties.routes.items.properties.weight = { type: 'integer' }),
  },
  { name: 'other words', seed: (c) => change(c[ANSWER], 'outcome', { description: 'How it went.' }) },
  { name: 'a message more', seed: (c) => (c['tenant.moved.v1'] = structuredClone(c[STATE])) },
  {
    name: 'the next version of a message beside it',
    seed: (c) => {
      c['tenant.state.v2'] = structuredClone(c[STATE]);
      remove(c['tenant.state.v2'], 'slug');
    },
  },
  {
    name: 'a header more, where it is sent',
    seed: (c) => (c[REQUEST].headers.properties.ce_priority = { type: 'string' }),
  },
];
