import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AclEntry } from 'kafkajs';

const DOCUMENT = path.resolve(import.meta.dirname, '..', '..', '..', 'docs', 'kafka.md');
// kafkajs's enumerations are no named exports under ESM.
const OPERATIONS: Readonly<Record<string, number>> = { Read: 3, Write: 4, Create: 5, DescribeConfigs: 10 };
const PATTERN_TYPES: Readonly<Record<string, number>> = { literal: 3, prefixed: 4 };
const RESOURCE_TYPES = { topic: 2, group: 3 } as const;
const ALLOW = 3;

/** Whom the rights in the documentation are to be given to. */
export interface DocumentedUsers {
  readonly topicPrefix: string;
  /** Users who are control planes. */
  readonly controlPlanes: readonly string[];
  /** Users who are participants; each is called as its participant. */
  readonly participants: readonly string[];
}

/** The rights that docs/kafka.md says each side needs, so that what is tested is what people read. */
export function documentedAcls({ topicPrefix, controlPlanes, participants }: DocumentedUsers): AclEntry[] {
  const commands = readFileSync(DOCUMENT, 'utf8')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.startsWith('kafka-acls.sh '));
  const entries = commands.flatMap(entriesOf);
  const documentedOf = (name: string): AclEntry[] =>
    entries
      .filter(({ principal }) => principal === `User:${name}`)
      .map((entry) => ({ ...entry, resourceName: entry.resourceName.replace(/^tenantry/, topicPrefix) }));
  return [
    ...controlPlanes.flatMap((user) =>
      documentedOf('control-plane').map((entry) => ({ ...entry, principal: `User:${user}` })),
    ),
    ...participants.flatMap((user) =>
      documentedOf('billing').map((entry) => ({
        ...entry,
        principal: `User:${user}`,
        resourceName: entry.resourceName.replace(/\bbilling\b/, user),
      })),
    ),
  ];
}

function entriesOf(command: string): AclEntry[] {
  const options = [...command.matchAll(/--([a-z-]+) (?!--)(\S+)/g)];
  const values = (wanted: string): string[] =>
    options.flatMap(([, name, value = '']) => (name === wanted ? [value] : []));
  const [resourceType, [resourceName = '']] =
    values('topic').length > 0
      ? ([RESOURCE_TYPES.topic, values('topic')] as const)
      : ([RESOURCE_TYPES.group, values('group')] as const);
  return values('operation').map((operation) => ({
    principal: values('allow-principal')[0] ?? '',
    host: '*',
    operation: known(OPERATIONS, operation),
    permissionType: ALLOW,
    resourceType,
    resourceName,
    resourcePatternType: known(PATTERN_TYPES, values('resource-pattern-type')[0] ?? 'literal'),
  }));
}

function known(codes: Readonly<Record<string, number>>, name: string): number {
  const code = codes[name];
  if (code === undefined) throw new Error(`docs/kafka.md has an unknown ${name} in a kafka-acls.sh command`);
  return code;
}
