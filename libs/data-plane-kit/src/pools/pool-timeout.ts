/** No connection became free in time. Its message begins as the driver's own, which callers take for `try again`. */
export class PoolTimeout extends Error {
  constructor(cluster: string, waitedMs: number) {
    super(
      `timeout exceeded when trying to connect: no connection to cluster ${cluster} became free in ${waitedMs} ms`,
    );
    this.name = new.target.name;
  }
}
