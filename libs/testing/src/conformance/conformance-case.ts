import type { Kind, PlayedTenant } from './played-tenant.js';
import type { ProbeState } from './probe.js';
import type { Stage } from './stage.js';
import type { Transcript } from './transcript.js';
import type { Setting } from './stage.js';

interface CaseDescription {
  /** Stable; names the case on the command line and in reports. */
  readonly id: string;
  /** What a correct participant does, in one line. */
  readonly expects: string;
  /** Where that is said: the document and its section. */
  readonly said: string;
  /** What the participant must offer for the case to mean anything. */
  readonly needs: readonly Kind[];
  /** Only there the case means anything. */
  readonly transport?: 'kafka';
}

/** Asks for something about tenants of its own, beside other cases. */
export interface TenantCase extends CaseDescription {
  readonly kind: 'tenant';
  run(stage: Stage): Promise<void>;
}

/** The same, with nothing else going on. */
export interface AloneCase extends CaseDescription {
  readonly kind: 'alone';
  run(stage: Stage): Promise<void>;
}

/** Starts and ends the participant's process; cannot be run without a command. */
export interface ProcessCase extends CaseDescription {
  readonly kind: 'process';
  run(stage: Stage): Promise<void>;
}

/** What is under way when the process is killed; all of these share the kills. */
export interface CrashCase extends CaseDescription {
  readonly kind: 'crash';
  readonly asks: Kind;
  /** A tenant for whom it can be asked. */
  prepare(stage: Stage): Promise<PlayedTenant>;
  /** What the tenant is in the service when it is done. */
  readonly becomes: readonly ProbeState[];
}

/** Judges everything that was said in the run. */
export interface ObservedCase extends CaseDescription {
  readonly kind: 'observed';
  /** @returns what was wrong, in words. */
  judge(seen: { readonly transcript: Transcript; readonly setting: Setting }): Promise<readonly string[]>;
}

export type ConformanceCase = TenantCase | AloneCase | ProcessCase | CrashCase | ObservedCase;
