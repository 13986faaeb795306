import { readSupportConfig } from './config.js';
import { supportCommand } from './support/support-command.js';

process.exitCode = await supportCommand(process.argv.slice(2), () => readSupportConfig(), {
  out: process.stdout,
  err: process.stderr,
});
