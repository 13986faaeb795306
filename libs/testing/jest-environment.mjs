import { TestEnvironment } from 'jest-environment-node';

/** Jest's environment for Node, which prints the logs of the running systems as soon as a test has failed. */
export default class SystemEnvironment extends TestEnvironment {
  async handleTestEvent({ name, test }) {
    if (name !== 'test_done' || test.errors.length === 0) return;
    for (const book of this.global[Symbol.for('tenantry.testing.logs')] ?? []) {
      process.stderr.write(
        `\nLogs of the system under test at the failure of "${test.name}":\n${book.print()}\n`,
      );
    }
  }
}
