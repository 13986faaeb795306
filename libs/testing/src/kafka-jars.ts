import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The versions that are claimed to work, oldest first: `npm run test:brokers` runs on each. */
export const KAFKA_VERSIONS = ['3.9.2', '4.1.1', '4.3.1'] as const;
/** What tests run on unless KAFKA_VERSION names another. */
const USUAL_VERSION = '4.1.1';
const OLDEST_JAVA = 17;

const pom = (version: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>tenantry</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${version}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`;

/** What a Kafka broker is started with. */
export interface KafkaInstallation {
  readonly version: string;
  readonly java: string;
  readonly classPath: string;
}

/** There is no way to run a broker of one's own on this machine; the message says what is missing. */
export class KafkaUnavailableError extends Error {}

/**
 * Finds Java and the jars of Apache Kafka, of KAFKA_VERSION where that is set, which Maven brings once into a cache folder outside the
 * repository (`$XDG_CACHE_HOME/tenantry`, or `~/.cache/tenantry`).
 *
 * @throws KafkaUnavailableError when Java is missing or too old, or when there are neither cached jars nor Maven.
 */
export async function kafkaInstallation(): Promise<KafkaInstallation> {
  const wanted = process.env['KAFKA_VERSION'] || USUAL_VERSION;
  if (!/^\d+\.\d+\.\d+$/.test(wanted)) throw new Error('KAFKA_VERSION must be a version such as 4.1.1');
  const java = process.env['JAVA_HOME'] ? path.join(process.env['JAVA_HOME'], 'bin', 'java') : 'java';
  const version = await javaVersion(java);
  if (version < OLDEST_JAVA) {
    throw new KafkaUnavailableError(`Java ${OLDEST_JAVA} or later is needed, this is Java ${version}`);
  }
  const cache = path.join(process.env['XDG_CACHE_HOME'] || path.join(homedir(), '.cache'), 'tenantry');
  const jars = path.join(cache, `kafka-${wanted}`);
  if (!(await exists(jars))) await download(cache, jars, wanted);
  return { version: wanted, java, classPath: path.join(jars, '*') };
}

async function javaVersion(java: string): Promise<number> {
  try {
    const { stderr, stdout } = await exec(java, ['-version']);
    return Number(/version "(\d+)/.exec(stderr + stdout)?.[1] ?? 0);
  } catch (error) {
    throw new KafkaUnavailableError(`no Java was found (${java})`, { cause: error });
  }
}

/** The finished folder appears by one rename, so that parallel downloads and broken-off ones do no harm. */
async function download(cache: string, jars: string, version: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(path.join(cache, 'download-'));
  try {
    await writeFile(path.join(work, 'pom.xml'), pom(version));
    const args = ['-B', '-q', '-f', path.join(work, 'pom.xml'), 'dependency:copy-dependencies'];
    // Kafka 3.9 brings a way to log of its own, beside which the one that writes to the console would not be chosen.
    const options = ['-DexcludeArtifactIds=slf4j-reload4j', `-DoutputDirectory=${path.join(work, 'jars')}`];
    await exec('mvn', [...args, ...options], { maxBuffer: 64 * 1024 * 1024 });
    await rename(path.join(work, 'jars'), jars).catch(async (error: unknown) => {
      if (!(await exists(jars))) throw error;
    });
  } catch (error) {
    throw new KafkaUnavailableError("Maven could not bring Apache Kafka's jars (is mvn installed?)", {
      cause: error,
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
