import type { Finding } from './finding.js';

/** What `GET /v1/doctor` answers. */
export interface DoctorView {
  /** The worst of the findings. */
  readonly status: 'ok' | 'warn' | 'fail';
  readonly version: string;
  /** RFC 3339. */
  readonly checkedAt: string;
  readonly findings: readonly Finding[];
}
