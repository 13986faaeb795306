import { parseArgs } from 'node:util';
import { NoTrustedKeys } from '../signing/trusted-keys.js';
import { auditVerdict } from './audit-verdict.js';
import { certificateVerdict } from './certificate-verdict.js';
import { FileUnreadable } from './evidence-files.js';
import type { Verdict } from './verdict.js';

interface Output {
  write(text: string): unknown;
}

const USAGE = `usage: tenantry-verify audit <export.jsonl> --keys <jwks.json|pem> [--checkpoint <file>]
       tenantry-verify certificate <file> --keys <jwks.json|pem>

Verifies offline, with nothing but these files, an export of the audit log (GET /v1/audit/export) or a deletion
certificate (GET /v1/tenants/{id}/certificate).

  --keys        the public keys to believe, from a source that you trust: /.well-known/jwks.json as you saved it, or PEM
  --checkpoint  signed checkpoints that were kept outside of the database: AUDIT_CHECKPOINT_FILE, or an answer of
                GET /v1/audit/checkpoints as you saved it; without them a log that was cut off behind a checkpoint looks whole

exit status: 0 all is as it was signed, and a certificate is complete; 1 it is not; 2 it could not be tried;
3 tenantry-verify itself failed, which says nothing about the file
`;

/** Runs the command line of `tenantry-verify`. @returns its exit status: 0 holds, 1 does not, 2 could not be tried, 3 failed itself. */
export async function runVerification(
  args: readonly string[],
  out: Output,
  err: Output,
): Promise<0 | 1 | 2 | 3> {
  const request = requestOf(args);
  if (request === 'help') {
    out.write(USAGE);
    return 0;
  }
  if (typeof request === 'string') {
    err.write(`tenantry-verify: ${request}\n${USAGE}`);
    return 2;
  }
  try {
    const { holds, lines } = await verdictOn(request);
    out.write(`${lines.join('\n')}\n`);
    return holds ? 0 : 1;
  } catch (error) {
    if (!(error instanceof FileUnreadable || error instanceof NoTrustedKeys)) {
      // Node would exit with 1, which would be taken for a verdict.
      err.write(
        `tenantry-verify: failed itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      return 3;
    }
    err.write(`tenantry-verify: ${error.message}\n`);
    return 2;
  }
}

interface Request {
  readonly what: 'audit' | 'certificate';
  readonly file: string;
  readonly keys: string;
  readonly checkpoint?: string | undefined;
}

function requestOf(args: readonly string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        keys: { type: 'string' },
        checkpoint: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) return 'help';
    const [what, file, ...more] = positionals;
    if (what !== 'audit' && what !== 'certificate') return 'say what to verify: audit or certificate';
    if (file === undefined || more.length > 0) return 'name one file';
    if (values.keys === undefined) return '--keys is required: without keys of your own nothing is proved';
    if (what === 'certificate' && values.checkpoint !== undefined) return '--checkpoint belongs to audit';
    return { what, file, keys: values.keys, checkpoint: values.checkpoint };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function verdictOn({ what, file, keys, checkpoint }: Request): Promise<Verdict> {
  switch (what) {
    case 'audit':
      return auditVerdict(file, keys, checkpoint);
    case 'certificate':
      return certificateVerdict(file, keys);
  }
}
