export { busDatabase, type BusDatabase } from './bus-database.js';
export { TRANSPORT_CASES, type TransportCase, type TransportRig } from './transport-cases.js';
export { testDatabase, type DatabaseTemplate, type TestDatabase } from './test-database.js';
export { waitFor } from './wait-for.js';
export { consumerDatabase, type ConsumerDatabase } from './consumer-database.js';
export { factEvent, requestEvent } from './lifecycle-events.js';
export { EXAMPLE_SERVICE, kitDatabase, type KitDatabase } from './kit-database.js';
export { LifecyclePublisher, type Asked } from './lifecycle-publisher.js';
export { silencingProxy, type SilencingProxy } from './silencing-proxy.js';
