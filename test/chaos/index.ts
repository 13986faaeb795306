export { MUTATIONS, runMutation } from './mutations.ts';
export { runChaos } from './run-chaos.ts';
export { COUNTS, counted, summaryLine } from './summary.ts';
