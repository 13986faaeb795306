import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const DAYS = '2';
const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A private key and what proves whose it is, PEM. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of a test's own. */
export interface CertificateAuthority {
  readonly caFile: string;
  /** Certifies a new key for this name, and for 127.0.0.1. */
  certify(name: string): Promise<Certificate>;
}

/** Makes one with `openssl`, and keeps everything in this folder. @throws Error when openssl is not installed. */
export async function certificateAuthority(folder: string): Promise<CertificateAuthority> {
  const inFolder = (file: string): string => path.join(folder, file);
  const caFile = inFolder('ca.pem');
  const caKey = inFolder('ca.key');
  const openssl = (...args: string[]) => exec('openssl', args);
  await openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    ...['-keyout', caKey, '-out', caFile, '-subj', '/CN=Authority of a test', '-days', DAYS],
  );
  const extensions = inFolder('extensions');
  await writeFile(extensions, 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
  return {
    caFile,
    certify: async (name) => {
      const [certFile, keyFile, request] = [
        inFolder(`${name}.pem`),
        inFolder(`${name}.key`),
        inFolder(`${name}.csr`),
      ];
      await openssl('req', ...NEW_KEY, '-keyout', keyFile, '-out', request, '-subj', `/CN=${name}`);
      await openssl(
        ...['x509', '-req', '-in', request, '-CA', caFile, '-CAkey', caKey, '-CAcreateserial'],
        ...['-out', certFile, '-days', DAYS, '-extfile', extensions],
      );
      return { certFile, keyFile };
    },
  };
}
