import type { InspectedTopic, KafkaInspection } from '@tenantry/messaging';
import { findingsOf, type Finding } from './finding.js';

const { ok, warn, fail, untold } = findingsOf('kafka');

/** From so many replicas on, two can be asked for before a message counts as sent. */
const REPLICAS = 3;

/** What is said of brokers that could not be asked. */
export function unreachable(why: string): Finding {
  return fail(
    'reach',
    `the brokers cannot be asked: ${why}`,
    'check KAFKA_BROKERS, KAFKA_TLS* and KAFKA_SASL_* against a client on this machine; until they answer, the API commits and the outbox keeps what is to be sent',
  );
}

/** Judges what the brokers tell. */
export function kafkaFindings({ brokers, group, topics }: KafkaInspection): readonly Finding[] {
  const partitions = mostFrequent(topics.flatMap(({ found }) => found?.partitions ?? []));
  return [
    ok('reach', `${brokers} ${brokers === 1 ? 'broker' : 'brokers'}`),
    ...topics.map((topic) => topicFinding(topic, partitions)),
    group.refused
      ? fail(
          'group',
          `this user may not read the group ${group.name}`,
          `kafka-acls.sh --add --allow-principal User:<this one> --operation Read --resource-pattern-type prefixed --group ${group.name}`,
        )
      : ok('group', group.name),
    untold(
      'acl',
      'whether this user may write cannot be told without writing; compare kafka-acls.sh --list with docs/kafka.md, "The least that each side must be allowed"',
    ),
  ];
}

function topicFinding({ name, expectedPolicy, found }: InspectedTopic, partitions: number): Finding {
  const check = `topic ${name}`;
  if (!found)
    return warn(
      check,
      'it is not there, or this user may not know of it',
      'a worker makes it at its start where it may: grant Create on the prefix, or make the topic; grant what docs/kafka.md lists',
    );
  const { cleanupPolicy, minInsyncReplicas, replicas } = found;
  if (cleanupPolicy === undefined)
    return fail(
      check,
      'its configuration may not be read, so no worker begins to send',
      'kafka-acls.sh --add --allow-principal User:<this one> --operation DescribeConfigs --resource-pattern-type prefixed --topic <prefix>.',
    );
  if (cleanupPolicy !== expectedPolicy)
    return fail(
      check,
      `cleanup.policy is ${cleanupPolicy}, it must be ${expectedPolicy}`,
      `kafka-configs.sh --alter --entity-type topics --entity-name ${name} --add-config cleanup.policy=${expectedPolicy}`,
    );
  if (found.partitions !== partitions)
    return fail(
      check,
      `it has ${found.partitions} partitions, the others ${partitions}`,
      'every topic needs the same number for ever: make this one anew, while it is empty',
    );
  if (replicas >= REPLICAS && minInsyncReplicas !== undefined && minInsyncReplicas < 2)
    return warn(
      check,
      `${replicas} replicas, of which one is enough for a message to count as sent`,
      `kafka-configs.sh --alter --entity-type topics --entity-name ${name} --add-config min.insync.replicas=2`,
    );
  if (minInsyncReplicas !== undefined && minInsyncReplicas > replicas)
    return fail(
      check,
      `min.insync.replicas is ${minInsyncReplicas}, and it has ${replicas}: nothing can be sent`,
      `kafka-configs.sh --alter --entity-type topics --entity-name ${name} --add-config min.insync.replicas=${replicas}`,
    );
  return ok(
    check,
    `${cleanupPolicy}, ${found.partitions} partitions, ${replicas} replicas, ${minInsyncReplicas ?? 'unknown'} in sync`,
  );
}

function mostFrequent(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1])[0]?.[0] ?? 0;
}
