{{/* Kafka as a process is told of it: the chart's `kafka` with what is its own. `own`: {} for the control plane. */}}
{{- define "tenantry.kafka" -}}
{{- mustMergeOverwrite (deepCopy .root.Values.kafka) (deepCopy .own) | toYaml }}
{{- end }}

{{/* Variables; of a process or of a migration. Takes the above as `kafka`. */}}
{{- define "tenantry.kafka.env" -}}
{{- $kafka := .kafka -}}
{{- if not $kafka.brokers }}{{ fail "kafka.brokers is required with the transport kafka: host:port of each broker" }}{{ end }}
- {name: KAFKA_BROKERS, value: {{ join "," $kafka.brokers | quote }}}
- {name: KAFKA_TOPIC_PREFIX, value: {{ $kafka.topicPrefix | quote }}}
{{- with $kafka.topicNames }}
{{- $names := list }}
{{- range $topic, $name := . }}{{ $names = append $names (printf "%s=%s" $topic $name) }}{{ end }}
- {name: KAFKA_TOPIC_NAMES, value: {{ join "," $names | quote }}}
{{- end }}
{{- $topics := $kafka.topics }}
{{- include "tenantry.env.set" (dict "KAFKA_TOPIC_PARTITIONS" $topics.partitions "KAFKA_REPLICATION_FACTOR" $topics.replicationFactor "KAFKA_MIN_INSYNC_REPLICAS" $topics.minInsyncReplicas "KAFKA_LIFECYCLE_RETENTION" $topics.lifecycleRetention "KAFKA_ANSWER_RETENTION" $topics.answerRetention) }}
{{- if $kafka.tls.enabled }}
- {name: KAFKA_TLS, value: 'on'}
{{- if $kafka.tls.caSecret.name }}
- {name: KAFKA_TLS_CA_FILE, value: /run/tenantry/kafka-ca/ca.crt}
{{- end }}
{{- if $kafka.tls.clientSecret.name }}
- {name: KAFKA_TLS_CERT_FILE, value: /run/tenantry/kafka-client/tls.crt}
- {name: KAFKA_TLS_KEY_FILE, value: /run/tenantry/kafka-client/tls.key}
{{- end }}
{{- end }}
{{- with $kafka.sasl }}
{{- if .mechanism }}
{{- if not .existingSecret }}{{ fail "kafka.sasl.existingSecret is required with kafka.sasl.mechanism: the Secret with the user's name and password" }}{{ end }}
- {name: KAFKA_SASL_MECHANISM, value: {{ .mechanism }}}
- name: KAFKA_SASL_USERNAME
  valueFrom: {secretKeyRef: {name: {{ .existingSecret }}, key: {{ .usernameKey }}}}
- {name: KAFKA_SASL_PASSWORD_FILE, value: /run/tenantry/kafka-sasl/password}
{{- end }}
{{- end }}
{{- end }}

{{/* Files, which are read again for every connection, so that a certificate or a password may change at any time. */}}
{{- define "tenantry.kafka.files" -}}
{{- $kafka := .kafka -}}
{{- if $kafka.tls.enabled }}
{{- with $kafka.tls.caSecret }}
{{- if .name }}
- {name: kafka-ca, secret: {{ .name }}, mountPath: /run/tenantry/kafka-ca, items: { {{ .key | quote }}: ca.crt }}
{{- end }}
{{- end }}
{{- with $kafka.tls.clientSecret }}
{{- if .name }}
- {name: kafka-client, secret: {{ .name }}, mountPath: /run/tenantry/kafka-client, items: { {{ .certKey | quote }}: tls.crt, {{ .keyKey | quote }}: tls.key }}
{{- end }}
{{- end }}
{{- end }}
{{- with $kafka.sasl }}
{{- if .mechanism }}
- {name: kafka-sasl, secret: {{ .existingSecret }}, mountPath: /run/tenantry/kafka-sasl, items: { {{ .passwordKey | quote }}: password }}
{{- end }}
{{- end }}
{{- end }}
