export * from './transport.js';
export { type Logger } from './logger.js';
export { CONSUMER_SQL } from './consumer/consumer-sql.js';
export { LifecycleConsumer, type FactApplier, type FactAppliers, type LifecycleConsumerOptions } from './consumer/lifecycle-consumer.js';
export { RequestWorker, type RequestWorkerOptions } from './consumer/request-worker.js';
export { AcknowledgementSender, type AcknowledgementSenderOptions } from './consumer/acknowledgement-sender.js';
export {
  WorkAbandoned, type AbandonReason, type RequestHandler, type WorkControl, type WorkItem, type WorkResult,
} from './consumer/work-item.js';
