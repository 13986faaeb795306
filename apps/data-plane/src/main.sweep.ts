import { readSweepConfig } from './config.js';
import { sweepCommand } from './sweep/sweep-command.js';

process.exitCode = await sweepCommand(process.argv.slice(2), () => readSweepConfig(), {
  out: process.stdout,
  err: process.stderr,
});
