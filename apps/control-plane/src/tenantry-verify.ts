import { runVerification } from './verifying/run-verification.js';

process.exitCode = await runVerification(process.argv.slice(2), process.stdout, process.stderr);
