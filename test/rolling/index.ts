export { rollingRestart, rollingWaves } from './rolling-restart.ts';
export { complaints, summaryLine } from './summary.ts';
export { underLoad, type UnderLoadReport } from './under-load.ts';
export { upgrade } from './upgrade.ts';
