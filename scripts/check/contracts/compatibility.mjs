import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { isDeepStrictEqual } from 'node:util';
import { compareSchemas } from './compare-schemas.mjs';
import { samplesOf } from './samples.mjs';

/**
 * Says what of the current messages breaks with the released ones, by two means that know nothing of each other: the schemas are compared
 * keyword by keyword, and samples of each side are read by the other.
 *
 * @returns {{ structure: string[], samples: string[] }} in words; both empty when they are compatible.
 */
export function incompatibilities(released, current, opened) {
  const structure = [];
  const samples = [];
  for (const [type, old] of Object.entries(released)) {
    const now = current[type];
    if (!now) {
      structure.push(`${type}: the message is gone`);
      continue;
    }
    if (now.channel !== old.channel)
      structure.push(`${type}: it is on the channel ${now.channel} and was on ${old.channel}`);
    structure.push(
      ...compareSchemas(old.schema, now.schema).map((what) => `${type}: ${what}`),
      ...compareSchemas(old.headers, now.headers, 'headers').map((what) => `${type}: ${what}`),
    );
    samples.push(...unread(type, old, now, opened));
  }
  return { structure, samples };
}

/** What one side writes and the other cannot read; one of each kind. Samples of a schema that is the same on both sides would say nothing. */
function unread(type, old, now, opened) {
  const parts = [
    { part: 'schema', of: ({ payload }) => payload },
    { part: 'headers', of: ({ headers }) => headers },
  ];
  return parts
    .filter(({ part }) => !isDeepStrictEqual([old[part], old.examples], [now[part], now.examples]))
    .flatMap(({ part, of }) => {
      const written = (side) => [...side.examples.map(of), ...samplesOf(side[part])];
      return [
        ...firstRefusal(
          `${type}: an older sample, read with the new ${part}:`,
          opened(now[part]),
          written(old),
        ),
        ...firstRefusal(
          `${type}: a new sample, read with the older ${part}:`,
          opened(old[part]),
          written(now),
        ),
      ];
    });
}

function firstRefusal(what, schema, values) {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  const refused = values.find((value) => !validate(value));
  if (refused === undefined) return [];
  validate(refused);
  return [`${what} ${ajv.errorsText(validate.errors, { dataVar: 'it' })}`];
}
