import { Injectable } from '@nestjs/common';

/** Tells the workers of this process that something was committed. Only a hint that saves a poll: losing it delays, never loses. */
@Injectable()
export class CommitSignal {
  private readonly listeners = new Set<() => void>();

  onCommit(listener: () => void): void {
    this.listeners.add(listener);
  }

  emit(): void {
    for (const listener of this.listeners) listener();
  }
}
