export { DataPlaneModule, type DataPlaneOptions, type DataPlaneTransport } from './nest/data-plane.module.js';
