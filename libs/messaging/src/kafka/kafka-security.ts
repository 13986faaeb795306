import type { KafkaConfig, SASLOptions } from 'kafkajs';
import { readFileSync } from 'node:fs';

/** TLS to the brokers. Files are PEM, and read again for every connection, so that what has been renewed counts without a restart. */
export interface KafkaTls {
  /** Whose signature on the brokers' certificates is trusted; the system's authorities unless given. */
  readonly caFile?: string;
  /** What this client shows; together with `keyFile`. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** The mechanisms that are supported, as Kafka spells them. */
export const SASL_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;

/** Who this client says that it is; exactly one of the two passwords. */
export interface KafkaSasl {
  readonly mechanism: (typeof SASL_MECHANISMS)[number];
  readonly username: string;
  readonly password?: string;
  /** Read again for every connection; a line's end at its end does not count. */
  readonly passwordFile?: string;
}

/** kafkajs looks the properties up when it connects: so a getter gives what the file holds by then. */
export function tlsOptions({ caFile, certFile, keyFile }: KafkaTls): NonNullable<KafkaConfig['ssl']> {
  return {
    minVersion: 'TLSv1.2',
    get ca() {
      return contentOf(caFile);
    },
    get cert() {
      return contentOf(certFile);
    },
    get key() {
      return contentOf(keyFile);
    },
  };
}

/** As `tlsOptions`, for the password. */
export function saslOptions({ mechanism, username, password, passwordFile }: KafkaSasl): SASLOptions {
  return {
    mechanism: mechanism.toLowerCase() as Lowercase<typeof mechanism>,
    username,
    get password() {
      return password ?? contentOf(passwordFile)?.replace(/\r?\n$/, '') ?? '';
    },
  };
}

function contentOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
