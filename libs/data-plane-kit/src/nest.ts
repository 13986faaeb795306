export { DataPlaneModule, type DataPlaneOptions } from './nest/data-plane.module.js';
export { dataPlaneReadiness } from './nest/readiness.js';
export { dataPlaneReports } from './nest/reports.js';
export { dataPlaneStartNeeds, verifierStartNeeds, type DataPlaneStart } from './nest/start-needs.js';
export { createTransport, type DataPlaneTransport } from './nest/transport.js';
export { VerifierModule, verifierReadiness, type VerifierOptions } from './nest/verifier.module.js';
