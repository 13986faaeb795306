import { isDeepStrictEqual } from 'node:util';

/** What a schema says to people alone. */
const ANNOTATIONS = [
  '$id',
  '$schema',
  '$comment',
  'title',
  'description',
  'examples',
  'default',
  'deprecated',
];

/**
 * Says what of a new schema breaks with a released one: whatever is written by one must be readable by the other, both ways, and nothing
 * that was there may go. So all that is left is to add optional properties to an object that was closed for writers.
 *
 * @param {string} path where it is, for people.
 * @returns {string[]} in words; empty when they are compatible.
 */
export function compareSchemas(released, current, path = 'data') {
  if (!isObject(released) || !isObject(current))
    return isDeepStrictEqual(released, current) ? [] : [`${path}: it is another schema`];
  const keywords = new Set([...Object.keys(released), ...Object.keys(current)]);
  return [...keywords]
    .filter((keyword) => !ANNOTATIONS.includes(keyword))
    .flatMap((keyword) =>
      (COMPARISONS[keyword] ?? same(keyword))(released[keyword], current[keyword], path, released),
    );
}

const COMPARISONS = {
  properties: compareProperties,
  required: (released = [], current = [], path) => [
    ...missing(current, released).map((name) => `${path}.${name}: it is required now, and was not`),
    ...missing(released, current).map(
      (name) => `${path}.${name}: it is no longer required, and older readers count on it`,
    ),
  ],
  enum: (released, current, path) =>
    released && current
      ? [
          ...missing(released, current).map((value) => `${path}: the value ${JSON.stringify(value)} is gone`),
          ...missing(current, released).map(
            (value) => `${path}: the value ${JSON.stringify(value)} is new to older readers`,
          ),
        ]
      : [`${path}: enum is there in one of them only`],
  items: (released, current, path) => compareSchemas(released, current, `${path}[]`),
  type: (released, current, path) =>
    isDeepStrictEqual(new Set([released].flat()), new Set([current].flat()))
      ? []
      : [`${path}: its type is ${words(current)} and was ${words(released)}`],
};

function compareProperties(released = {}, current = {}, path, { additionalProperties }) {
  const added = missing(Object.keys(current), Object.keys(released));
  const wasOpen = additionalProperties !== false;
  return [
    ...Object.entries(released).flatMap(([name, schema]) =>
      name in current
        ? compareSchemas(schema, current[name], `${path}.${name}`)
        : [`${path}.${name}: it was removed or renamed`],
    ),
    // Where anything was allowed, this name may have been used already, for something else.
    ...(wasOpen ? added.map((name) => `${path}.${name}: it is new in an object that was open`) : []),
  ];
}

function same(keyword) {
  return (released, current, path) =>
    isDeepStrictEqual(released, current)
      ? []
      : [`${path}: ${keyword} is ${words(current)} and was ${words(released)}`];
}

function missing(from, among) {
  return from.filter((value) => !among.includes(value));
}

function words(value) {
  return value === undefined ? 'not there' : JSON.stringify(value);
}

function isObject(value) {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
