import { topicNames } from '@tenantry/contracts';
import { OpenSubscriptions } from '../open-subscriptions.js';
import { tracedControlPlane } from '../telemetry/traced-transport.js';
import type { ControlPlaneTransport, OutboundMessage } from '../transport.js';
import { fromKafkaMessage, rawText, toKafkaMessage } from './cloud-event.js';
import { deliverBatch } from './deliver-batch.js';
import { kafkaClient, type KafkaConnection } from './kafka-connection.js';
import { KafkaSender, type TopicMessage } from './kafka-sender.js';
import { KafkaState } from './kafka-state.js';
import {
  ensureTopics,
  ParticipantsUnprepared,
  participantsWithTopics,
  topicSettings,
  type TopicSettings,
  type UnusableTopics,
} from './kafka-topics.js';
import { LeftOutParticipants } from './left-out-participants.js';
import { SupervisedConsumer } from './supervised-consumer.js';

export interface KafkaControlPlaneOptions extends KafkaConnection, Partial<TopicSettings> {
  /** How often to look for new participants, in milliseconds. Default 10 000. */
  readonly refreshMs?: number;
}

/** The Kafka transport's control-plane side. Nothing connects before it is used, and everything survives that the brokers are away. */
export function createKafkaControlPlaneTransport(options: KafkaControlPlaneOptions): ControlPlaneTransport {
  const { topicPrefix, logger, refreshMs = 10_000 } = options;
  const settings = topicSettings(options);
  const kafka = kafkaClient(options);
  const topics = topicNames(topicPrefix, options.topicNames);
  const sender = new KafkaSender(kafka, logger);
  const subscriptions = new OpenSubscriptions();
  const known = new Set<string>();
  let prepared = false;

  const prepareAll = async (participants: readonly string[]): Promise<UnusableTopics> => {
    const missing = participants.filter((participant) => !known.has(participant));
    if (prepared && missing.length === 0) return new Map();
    const unusable = await ensureTopics(kafka, topics, missing, settings);
    prepared = true;
    for (const participant of missing) if (!unusable.has(participant)) known.add(participant);
    return unusable;
  };

  const transport: ControlPlaneTransport = {
    async prepare(participants) {
      const unusable = await prepareAll(participants);
      if (unusable.size > 0) throw new ParticipantsUnprepared(unusable);
    },

    async publish(messages) {
      await prepareAll([]);
      const on = (channel: OutboundMessage['channel']): TopicMessage[] =>
        messages
          .filter((one) => one.channel === channel)
          .map(({ envelope, headers }) => ({
            topic: topics[channel],
            message: toKafkaMessage(envelope, headers),
          }));
      // A state record is acknowledged before the events that it reflects; across topics nothing else orders them.
      try {
        await sender.send(on('state'));
        await sender.send(on('lifecycle'));
        await sender.send(on('parked'));
      } catch (error) {
        // The brokers may have been replaced by empty ones; look at the topics again before the next try.
        prepared = false;
        known.clear();
        throw error;
      }
    },

    readOwnState(follower) {
      const state = new KafkaState({
        kafka,
        logger,
        topic: topics.state,
        groupPrefix: `${topicPrefix ?? 'tenantry'}._control-plane`,
        reader: { ...follower, take: (records) => records.forEach(follower.handler) },
      });
      subscriptions.add(state.subscription);
      // What it cannot begin with, its subscription tells.
      state.start().then(follower.onCaughtUp, () => undefined);
      return state.subscription;
    },

    async consumeAcknowledgements({ participants, handler, onMalformed }) {
      const ownerOf = new Map<string, string>();
      const leftOut = new LeftOutParticipants(logger);
      const consumer = new SupervisedConsumer({
        kafka,
        logger,
        // The underscore keeps it apart from every participant's groups.
        groupId: `${topicPrefix ?? 'tenantry'}._control-plane`,
        refreshMs,
        topics: async () => {
          // Whoever writes a topic of its own is heard, so that it can say that it is there.
          const found = await participantsWithTopics(kafka, topics);
          const names = [...new Set([...(await participants()), ...found])];
          const unusable = await prepareAll(names);
          leftOut.report(unusable);
          const usable = names.filter((name) => !unusable.has(name));
          usable.forEach((name) => ownerOf.set(topics.acknowledgements(name), name));
          return usable.map((name) => topics.acknowledgements(name));
        },
        eachBatch: (payload, control) =>
          deliverBatch(payload, {
            ...control,
            logger,
            deliver: async (topic, message) => {
              const participant = ownerOf.get(topic);
              if (participant === undefined) return;
              const parsed = fromKafkaMessage(message);
              if (parsed.ok) await handler(participant, parsed.envelope);
              else await onMalformed(participant, parsed.reason, rawText(message));
            },
          }),
      });
      subscriptions.add(consumer.subscription);
      consumer.start();
      return consumer.subscription;
    },

    async close() {
      await subscriptions.stop();
      await sender.close();
    },
  };
  return tracedControlPlane(transport, { system: 'kafka', ...topics });
}
