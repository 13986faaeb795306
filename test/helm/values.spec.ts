import { beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { CHART, render, type Profile } from './chart.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

const PROFILES: readonly Profile[] = ['small', 'production', 'reference'];
/** Helm's own, and the library's, which Helm adds. */
const NOT_OURS = ['global', 'tenantry-workload'];
/** Where any key of another place may stand, and none does unless somebody says so. */
const OVERLAYS =
  /^(kafka\.topicNames|controlPlane\.(api|worker)|(dataPlane|verifier)\.(workload|migrations|kafka))\./;
/** Of values that are free, since Kubernetes says what they are. */
const FREE =
  /^(defaults\.(resources|probes|strategy)\.|podSecurityContext|securityContext|controlPlane\.\w+\.resources\.)/;

let schema: Schema;
let values: Record<string, unknown>;
let valid: ValidateFunction;
beforeAll(async () => {
  schema = JSON.parse(await readFile(path.join(CHART, 'values.schema.json'), 'utf8')) as Schema;
  values = await valuesOf('values.yaml');
  valid = new Ajv2020({ strict: false, allErrors: true }).compile(schema);
});

describe('values.schema.json', () => {
  it('takes the defaults and the profiles', async () => {
    expect([valid(values), valid.errors]).toEqual([true, null]);
    for (const profile of PROFILES) {
      const own = await valuesOf(`values-${profile}.yaml`);
      expect([profile, valid(own), valid.errors]).toEqual([profile, true, null]);
    }
  });

  it('knows each default, and has no key that is not among them', () => {
    const known = [...keysOfSchema(schema)].filter(
      (key) => !NOT_OURS.some((one) => key === one || key.startsWith(`${one}.`)),
    );
    const there = [...keysOfValues(values)];
    expect(there.filter((key) => !known.includes(key) && !FREE.test(key))).toEqual([]);
    expect(known.filter((key) => !there.includes(key) && !OVERLAYS.test(key) && !FREE.test(key))).toEqual([]);
  });

  it('refuses an unknown key at every place that has known ones', () => {
    let tried = 0;
    for (const place of placesWithKeys(schema)) {
      const given = [...place]
        .reverse()
        .reduce<unknown>((inner, step) => (step === '[]' ? [inner] : { [step]: inner }), {
          unknownKey: true,
        });
      expect([place.join('.'), valid(given)]).toEqual([place.join('.'), false]);
      expect(JSON.stringify(valid.errors)).toContain('"additionalProperty":"unknownKey"');
      tried += 1;
    }
    expect(tried).toBeGreaterThan(80);
  });

  it.each<[string, object]>([
    ['a replica too few', { defaults: { replicas: -1 } }],
    ['a word for a number', { controlPlane: { api: { replicas: 'three' } } }],
    ['another transport', { transport: 'rabbitmq' }],
    ['a broker without a port', { kafka: { brokers: ['kafka'] } }],
    ['a duration in words', { controlPlane: { minGracePeriod: '1 day' } }],
    ['a duration of nothing', { controlPlane: { minGracePeriod: 'PT' } }],
    ['months, which have no length', { controlPlane: { minGracePeriod: 'P1M' } }],
    ['a participant that cannot be called so', { controlPlane: { participants: [{ name: 'Billing' }] } }],
    ['a participant without a name', { controlPlane: { participants: [{ optional: true }] } }],
    [
      'a capability that there is not',
      { controlPlane: { participants: [{ name: 'a', capabilities: ['fly'] }] } },
    ],
    ['an image’s digest that is none', { controlPlane: { image: { digest: 'latest' } } }],
    ['a privileged port', { metrics: { port: 80 } }],
    [
      'a label that selectors go by',
      { controlPlane: { api: { podLabels: { 'app.kubernetes.io/component': 'worker' } } } },
    ],
    ['a variable that is not OpenTelemetry’s', { telemetry: { variables: { DATABASE_URL: 'x' } } }],
  ])('refuses %s', (_what, given) => {
    expect(valid(given)).toBe(false);
  });

  it('is what Helm asks', async () => {
    const given = { controlPlane: { api: { replica: 2 } } };
    await expect(render({ profiles: ['small', 'reference'], values: given })).rejects.toThrow(
      /at '\/controlPlane\/api': additional properties 'replica' not allowed/,
    );
  });
});

describe('an installation that cannot work', () => {
  const secret = (name: string): object => ({ existingSecret: name });
  const controlPlane = {
    database: secret('a'),
    signingKey: secret('b'),
    participants: [{ name: 'billing' }],
  };
  const kafka = { brokers: ['kafka:9092'] };

  it.each<[string, object, RegExp]>([
    ['nothing', {}, /controlPlane\.database\.existingSecret is required: the Secret with/],
    ['no brokers', { controlPlane }, /kafka\.brokers is required with the transport kafka/],
    [
      'no signing key',
      { controlPlane: { ...controlPlane, signingKey: secret('') }, kafka },
      /signingKey\.existingSecret is required/,
    ],
    [
      'nobody to act',
      { controlPlane: { ...controlPlane, participants: [] }, kafka },
      /controlPlane\.participants is required/,
    ],
    [
      'a participant twice',
      { controlPlane: { ...controlPlane, participants: [{ name: 'a' }, { name: 'a' }] }, kafka },
      /names somebody twice/,
    ],
    [
      'no logins without Kafka',
      { controlPlane, transport: 'embedded' },
      /transportLogins\.existingSecret is required/,
    ],
    [
      'SASL without a Secret',
      { controlPlane, kafka: { ...kafka, sasl: { mechanism: 'SCRAM-SHA-512' } } },
      /kafka\.sasl\.existingSecret is required/,
    ],
    [
      'a route without a gateway',
      { controlPlane, kafka, httpRoute: { enabled: true } },
      /httpRoute\.parentRefs is required/,
    ],
    [
      'a service that nobody asks',
      { controlPlane, kafka, dataPlane: { enabled: true, database: secret('c') } },
      /reference is enabled, and controlPlane\.participants does not name it/,
    ],
    [
      'a service without a database',
      {
        controlPlane: { ...controlPlane, participants: [{ name: 'reference' }] },
        kafka,
        dataPlane: { enabled: true },
      },
      /dataPlane\.database\.existingSecret is required/,
    ],
    [
      'signed contexts without a key',
      {
        controlPlane: { ...controlPlane, participants: [{ name: 'reference' }] },
        kafka,
        dataPlane: { enabled: true, database: secret('c'), contextSigning: { mode: 'mac' } },
      },
      /contextSigning\.existingSecret is required/,
    ],
    [
      'a verifier that looks nowhere',
      {
        controlPlane: { ...controlPlane, participants: [{ name: 'verifier' }] },
        kafka,
        verifier: { enabled: true, database: secret('c') },
      },
      /verifier\.scan\.existingSecret is required/,
    ],
  ])('says what is missing: %s', async (_what, given, message) => {
    await expect(render({ profiles: [], values: given })).rejects.toThrow(message);
  });

  it('is none of the profiles', async () => {
    for (const profile of ['small', 'production'] as const) {
      const objects = await render({
        profiles: [profile],
        values: { controlPlane: { participants: [{ name: 'billing' }] } },
      });
      expect(objects.length).toBeGreaterThan(5);
    }
  });
});

async function valuesOf(file: string): Promise<Record<string, unknown>> {
  return parse(await readFile(path.join(CHART, file), 'utf8')) as Record<string, unknown>;
}

function resolved({ $ref, ...own }: Schema): Schema {
  if ($ref === undefined) return own;
  const name = $ref.slice('#/$defs/'.length);
  const found = schema.$defs?.[name];
  if (!found) throw new Error(`the schema refers to ${$ref}, which is not there`);
  return resolved(found);
}

/** Every key that the schema has a name for, by its path. */
function* keysOfSchema(of: Schema, before = ''): Generator<string> {
  for (const [key, value] of Object.entries(resolved(of).properties ?? {})) {
    yield before + key;
    yield* keysOfSchema(value, `${before}${key}.`);
  }
}

function* keysOfValues(of: object, before = ''): Generator<string> {
  for (const [key, value] of Object.entries(of) as [string, unknown][]) {
    yield before + key;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && !isFreeMap(before + key))
      yield* keysOfValues(value, `${before}${key}.`);
  }
}

/** Labels and the like: whatever keys their values have. */
function isFreeMap(key: string): boolean {
  const at = key.split('.').reduce<Schema>((of, step) => resolved(of).properties?.[step] ?? {}, schema);
  return resolved(at).properties === undefined;
}

/** Where keys have names, as steps of a path; `[]` is an entry of a list. */
function* placesWithKeys(of: Schema, path: readonly string[] = []): Generator<readonly string[]> {
  const { properties, items } = resolved(of);
  if (properties) yield path;
  for (const [key, value] of Object.entries(properties ?? {})) yield* placesWithKeys(value, [...path, key]);
  if (items) yield* placesWithKeys(items, [...path, '[]']);
}
