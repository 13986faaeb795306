import { Injectable } from '@nestjs/common';

/** Whether this process is on its way out. While it drains it still answers, but `/readyz` says 503. */
@Injectable()
export class Drain {
  #draining = false;
  readonly #listeners = new Set<() => void>();

  get draining(): boolean {
    return this.#draining;
  }

  /** Tells whoever holds requests open, such as event streams, that they have to end them: the server waits for them. */
  onBegin(listener: () => void): void {
    this.#listeners.add(listener);
  }

  begin(): void {
    if (this.#draining) return;
    this.#draining = true;
    for (const listener of this.#listeners) listener();
  }
}
