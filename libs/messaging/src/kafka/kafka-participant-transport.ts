import { topicNames } from '@tenantry/contracts';
import { OpenSubscriptions } from '../open-subscriptions.js';
import { positioned } from '../parse-envelope.js';
import { tracedParticipant } from '../telemetry/traced-transport.js';
import type { ParticipantTransport } from '../transport.js';
import { fromKafkaMessage, rawText, toKafkaMessage } from './cloud-event.js';
import { deliverBatch } from './deliver-batch.js';
import { KafkaBootstrap } from './kafka-bootstrap.js';
import { kafkaClient, type KafkaConnection } from './kafka-connection.js';
import { KafkaSender } from './kafka-sender.js';
import { KafkaState, type StateReader } from './kafka-state.js';
import { ensureOwnTopic, existingTopics, topicSettings, type TopicSettings } from './kafka-topics.js';
import { OwnTopic } from './own-topic.js';
import { SupervisedConsumer } from './supervised-consumer.js';

/** Topic settings count only where the service makes its own topic. */
export interface KafkaParticipantOptions extends KafkaConnection, Partial<TopicSettings> {
  /** Whose acknowledgement topic is written; the broker's ACL says whether it may be. */
  readonly participant: string;
}

/**
 * The Kafka transport's side of a service. A group reads the lifecycle topic from its beginning when it is new. Groups are named
 * `<topicPrefix>.<group>` at the broker. Topics are the control plane's to create, and until they are there, everything waits; only its own
 * a service that nobody has declared makes itself, where it may, since that is what the control plane finds it by.
 */
export function createKafkaParticipantTransport(options: KafkaParticipantOptions): ParticipantTransport {
  const { participant, topicPrefix, logger } = options;
  const kafka = kafkaClient(options);
  const topics = topicNames(topicPrefix, options.topicNames);
  const groupPrefix = topicPrefix ?? 'tenantry';
  const sender = new KafkaSender(kafka, logger);
  const makeOwn = () => ensureOwnTopic(kafka, topics, participant, topicSettings(options));
  const own = new OwnTopic(participant, makeOwn, logger);
  const subscriptions = new OpenSubscriptions();
  const joinFrom = (groupId: string, take: StateReader['take']): KafkaBootstrap =>
    new KafkaBootstrap({
      kafka,
      logger,
      groupId,
      lifecycleTopic: topics.lifecycle,
      stateTopic: topics.state,
      take,
      onMalformed: (reason) => logger.error({ reason, groupId }, 'a state record cannot be read'),
    });
  const transport: ParticipantTransport = {
    async consumeLifecycle({ group, handler, onMalformed, bootstrap }) {
      const groupId = `${groupPrefix}.${group}`;
      const joining = bootstrap && joinFrom(groupId, bootstrap);
      const consumer = new SupervisedConsumer({
        kafka,
        logger,
        groupId,
        topics: async () => {
          const existing = await existingTopics(kafka, [topics.lifecycle]);
          if (existing.length > 0) await joining?.run();
          return existing;
        },
        eachBatch: (payload, control) =>
          deliverBatch(payload, {
            ...control,
            logger,
            deliver: async (_topic, message) => {
              const parsed = positioned(fromKafkaMessage(message));
              if (parsed.ok) await handler(parsed.envelope);
              else await onMalformed(parsed.reason, rawText(message));
            },
          }),
      });
      const { signal } = consumer.subscription;
      signal.addEventListener('abort', () => void joining?.stop(), { once: true });
      subscriptions.add(consumer.subscription);
      consumer.start();
      return consumer.subscription;
    },

    async followState(follower) {
      const state = new KafkaState({
        kafka,
        logger,
        topic: topics.state,
        groupPrefix: `${groupPrefix}.${participant}`,
        reader: { ...follower, take: (records) => records.forEach(follower.handler) },
      });
      subscriptions.add(state.subscription);
      await state.start();
      return state.subscription;
    },

    async acknowledge(messages) {
      const topic = topics.acknowledgements(participant);
      try {
        await sender.send(messages.map((message) => ({ topic, message: toKafkaMessage(message) })));
      } catch (error) {
        await own.mend(error);
        throw error;
      }
    },

    async close() {
      await subscriptions.stop();
      await sender.close();
    },
  };
  return tracedParticipant(transport, {
    system: 'kafka',
    ...topics,
    acknowledgements: topics.acknowledgements(participant),
  });
}
