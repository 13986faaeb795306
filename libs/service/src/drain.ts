import { Injectable } from '@nestjs/common';

/** Whether this process is on its way out. While it drains it still answers, but `/readyz` says 503. */
@Injectable()
export class Drain {
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  begin(): void {
    this.#draining = true;
  }
}
