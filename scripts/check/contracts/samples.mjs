import fc from 'fast-check';

const MANY = 60;
const LONGEST = 40;

/** Values that fit a schema of ours, always the same ones; long texts are not made, since nothing depends on them. */
export function samplesOf(schema) {
  return fc.sample(arbitraryOf(schema), { seed: 1, numRuns: MANY });
}

function arbitraryOf(schema) {
  if ('const' in schema) return fc.constant(schema.const);
  if ('enum' in schema) return fc.constantFrom(...schema.enum);
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type) => arbitraryOf({ ...schema, type })));
  const make = BY_TYPE[schema.type];
  if (!make) throw new Error(`no samples can be made of the schema ${JSON.stringify(schema)}`);
  return make(schema);
}

const BY_TYPE = {
  null: () => fc.constant(null),
  boolean: () => fc.boolean(),
  integer: ({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }) => fc.integer({ min: minimum, max: maximum }),
  number: ({ minimum = 0, maximum = 1e6 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  string: stringOf,
  array: ({ items, minItems = 0, uniqueItems = false }) =>
    (uniqueItems ? fc.uniqueArray : fc.array)(arbitraryOf(items), { minLength: minItems, maxLength: 3 }),
  object: ({ properties = {}, required = [] }) =>
    fc.record(
      Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, arbitraryOf(schema)])),
      { requiredKeys: [...required], noNullPrototype: true },
    ),
};

function stringOf({ format, pattern, minLength = 0, maxLength = LONGEST }) {
  if (format === 'uuid') return fc.uuid();
  if (format === 'date-time')
    return fc
      .date({ min: new Date('2020-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ minLength, maxLength: Math.min(maxLength, Math.max(LONGEST, minLength)) });
}
