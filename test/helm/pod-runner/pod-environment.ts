import type { Container, Metadata, Variable } from '../objects.js';
import { configValue, secretValue, type Given } from './given.js';

/**
 * The variables of a container as the kubelet makes them: values of Secrets and ConfigMaps, fields of the Pod, and `$(NAME)` in values,
 * which stands for a variable that came before.
 */
export function resolveEnvironment(
  given: Given,
  { env = [] }: Container,
  pod: Metadata,
): Record<string, string> {
  const resolved: Record<string, string> = {};
  for (const variable of env) resolved[variable.name] = valueOf(given, variable, pod, resolved);
  return resolved;
}

function valueOf(
  given: Given,
  { name, value = '', valueFrom }: Variable,
  pod: Metadata,
  before: Readonly<Record<string, string>>,
): string {
  if (!valueFrom) {
    return value.replaceAll(
      /\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g,
      (reference, named: string) => before[named] ?? reference,
    );
  }
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (secretKeyRef) return secretValue(given.secrets, secretKeyRef.name, secretKeyRef.key);
  if (configMapKeyRef) return configValue(given.objects, configMapKeyRef.name, configMapKeyRef.key);
  const field = { 'metadata.name': pod.name, 'metadata.namespace': pod.namespace }[fieldRef?.fieldPath ?? ''];
  if (field === undefined) throw new Error(`${name} comes from somewhere that is not known here`);
  return field;
}
