import type { Probe } from '../probe.js';
import { KEY_PROBES } from './keys.js';
import { POLICY_PROBES } from './policies.js';
import { PRIVILEGE_PROBES } from './privileges.js';
import { ROLE_PROBES } from './roles.js';
import { ROW_SECURITY_PROBES } from './row-security.js';
import { SCHEMA_PROBES } from './schemas.js';
import { SERVER_PROBES } from './server.js';
import { VIEW_AND_FUNCTION_PROBES } from './views-and-functions.js';

/** Every question to the catalogue. */
export const CATALOGUE_PROBES: readonly Probe[] = [
  ...ROW_SECURITY_PROBES,
  ...ROLE_PROBES,
  ...POLICY_PROBES,
  ...VIEW_AND_FUNCTION_PROBES,
  ...KEY_PROBES,
  ...PRIVILEGE_PROBES,
  ...SCHEMA_PROBES,
  ...SERVER_PROBES,
];
