import type { Capability } from '@tenantry/contracts';
import { formatDurationMs } from '@tenantry/kernel';
import type { Participant } from './participant.entity.js';

/** A participant as the world sees it. */
export interface ParticipantView {
  readonly name: string;
  readonly required: boolean;
  readonly capabilities: readonly Capability[];
  readonly stores: readonly string[];
  /** ISO 8601 duration. */
  readonly ackTimeout: string;
  readonly softwareVersion: string | null;
  readonly version: number;
  readonly lastHeartbeatAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export function toParticipantView(participant: Participant): ParticipantView {
  return {
    name: participant.name,
    required: participant.required,
    capabilities: participant.capabilities,
    stores: participant.stores,
    ackTimeout: formatDurationMs(participant.ackTimeoutMs),
    softwareVersion: participant.softwareVersion,
    version: participant.version,
    lastHeartbeatAt: participant.lastHeartbeatAt?.toISOString() ?? null,
    createdAt: participant.createdAt.toISOString(),
    updatedAt: participant.updatedAt.toISOString(),
  };
}
