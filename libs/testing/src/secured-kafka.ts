import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.js';
import { startKafkaBroker, type KafkaBroker } from './kafka-broker.js';
import type { KafkaDoor, KafkaProperties } from './kafka-node.js';
import { certificateAuthority, type CertificateAuthority } from './tls-certificates.js';

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** A broker that lets in only whom it knows, and lets them do only what an ACL says. */
export interface SecuredKafka {
  /** Its process, and the administrator's way in: on loopback, without TLS, as a superuser. */
  readonly broker: KafkaBroker;
  /** The way in with TLS and SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512). */
  readonly saslBrokers: string;
  /** The way in with TLS and a client's certificate, whose common name is the user. */
  readonly certificateBrokers: string;
  /** Who has certified the broker, and certifies clients. */
  readonly authority: CertificateAuthority;
  /** For files of a test's own; removed with the broker. */
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * Starts one with Kafka's own authorizer and no ACL yet.
 * @param users passwords by name; without quotes, commas and brackets. @throws KafkaUnavailableError when this machine cannot run one.
 */
export async function startSecuredKafka(users: Readonly<Record<string, string>>): Promise<SecuredKafka> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tenantry-secured-kafka-'));
  try {
    const authority = await certificateAuthority(folder);
    const keyStore = path.join(folder, 'broker-store.pem');
    const { certFile, keyFile } = await authority.certify('broker');
    await writeFile(keyStore, (await readFile(keyFile, 'utf8')) + (await readFile(certFile, 'utf8')));
    const sasl = await door('SASL', 'SASL_SSL');
    const certificate = await door('CERTIFICATE', 'SSL');
    const broker = await startKafkaBroker({
      doors: [sasl, certificate],
      properties: {
        ...tlsProperties(keyStore, authority.caFile),
        ...saslProperties(users),
        ...AUTHORIZATION,
      },
      formatOptions: Object.entries(users).flatMap(([name, password]) =>
        SCRAM.flatMap((mechanism) => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
      ),
    });
    return {
      broker,
      saslBrokers: `127.0.0.1:${sasl.port}`,
      certificateBrokers: `127.0.0.1:${certificate.port}`,
      authority,
      folder,
      remove: async () => {
        await broker.remove();
        await rm(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Whoever comes through the inner door has no name, and every right; nobody else has any without an ACL. */
const AUTHORIZATION: KafkaProperties = {
  'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'super.users': 'User:ANONYMOUS',
  'allow.everyone.if.no.acl.found': false,
};

function tlsProperties(keyStore: string, caFile: string): KafkaProperties {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': keyStore,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': caFile,
    'listener.name.certificate.ssl.client.auth': 'required',
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/',
  };
}

function saslProperties(users: Readonly<Record<string, string>>): KafkaProperties {
  const security = 'org.apache.kafka.common.security';
  const known = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  return {
    'sasl.enabled.mechanisms': ['PLAIN', ...SCRAM].join(),
    'listener.name.sasl.plain.sasl.jaas.config': `${security}.plain.PlainLoginModule required ${known.join(' ')};`,
    ...Object.fromEntries(
      SCRAM.map((mechanism) => [
        `listener.name.sasl.${mechanism.toLowerCase()}.sasl.jaas.config`,
        `${security}.scram.ScramLoginModule required;`,
      ]),
    ),
  };
}

async function door(name: string, protocol: NonNullable<KafkaDoor['protocol']>): Promise<KafkaDoor> {
  const port = await freePort();
  return { name, port, advertisedPort: port, protocol };
}
