import { Injectable } from '@nestjs/common';
import { currentDryRun } from '../dry-run/dry-run.js';

/**
 * Tells this process that a participant was declared or redeclared, so that its channel can be prepared. Only a hint:
 * it reaches no other process, and whoever starts later reads the table.
 */
@Injectable()
export class ParticipantsChanged {
  private readonly listeners = new Set<() => void>();

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** Silent in a dry run: nothing was declared. */
  emit(): void {
    if (currentDryRun()) return;
    for (const listener of this.listeners) listener();
  }
}
