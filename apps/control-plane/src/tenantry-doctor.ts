import { runDoctor } from './doctor/run-doctor.js';

process.exitCode = await runDoctor(process.argv.slice(2), process.stdout, process.stderr);
