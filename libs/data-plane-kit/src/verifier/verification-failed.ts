import type { ScanEvidence } from './scan-evidence.js';

/** The tenant was not seen to be gone. Its message becomes the acknowledgement's error and its evidence goes along. */
export class VerificationFailed extends Error {
  constructor(
    message: string,
    /** Whether asking again can help without anybody's help: not while something is left. */
    readonly retryable: boolean,
    readonly evidence?: ScanEvidence,
  ) {
    super(message);
    this.name = 'VerificationFailed';
  }
}
