/** The version of AsyncAPI's Kafka bindings, of everything that our document says about Kafka. */
export const KAFKA_BINDING = '0.5.0';
