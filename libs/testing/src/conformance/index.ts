export {
  conformanceCases,
  type ConformanceSuite,
  type PreparedOptions,
  type TestFunctions,
} from './conformance-cases.js';
export { runConformance } from './run-conformance.js';
export { UnusableOptions, type ConformanceOptions } from './conformance-options.js';
export { ForeignTenants } from './wire.js';
export { humanReport, junitReport, type CaseResult, type ConformanceReport, type Outcome } from './report.js';
export { commandProbe, urlProbe, type Probe, type ProbeAnswer, type ProbeState } from './probe.js';
