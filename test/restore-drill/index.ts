export { RECOVERY_METHODS } from './recovery-methods.ts';
export { runDrill, type DrillOptions } from './run-drill.ts';
