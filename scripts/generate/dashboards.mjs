import dataPlane from './dashboards/data-plane.mjs';
import eventBus from './dashboards/event-bus.mjs';
import lifecycle from './dashboards/lifecycle.mjs';
import serviceHealth from './dashboards/service-health.mjs';

const DASHBOARDS = {
  'data-plane': dataPlane,
  'event-bus': eventBus,
  lifecycle,
  'service-health': serviceHealth,
};

/** @returns the text of each Grafana dashboard by its path in the repository. */
export async function dashboardDocuments() {
  return Object.fromEntries(
    Object.entries(DASHBOARDS).map(([name, content]) => [
      `deploy/dashboards/${name}.json`,
      `${JSON.stringify(content, null, 2)}\n`,
    ]),
  );
}
