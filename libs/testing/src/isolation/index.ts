export { isolationCases, type IsolationSuite, type IsolationTestFunctions } from './isolation-cases.js';
export {
  isolationStage,
  type IsolationStage,
  type StagedTenant,
  type StageOptions,
} from './isolation-stage.js';
export { runProbes, type ProbeOptions, type ProbeReport } from './run-probes.js';
