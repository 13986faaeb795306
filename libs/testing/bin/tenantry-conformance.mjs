#!/usr/bin/env node
// kafkajs makes timers of negative lengths, of which Node 24 warns.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'TimeoutNegativeWarning') console.error(`${warning.name}: ${warning.message}`);
});
const { main } = await import('../dist/conformance/main.js');
process.exitCode = await main(process.argv.slice(2));
