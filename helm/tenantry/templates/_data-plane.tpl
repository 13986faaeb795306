{{/*
The reference data plane. A service of yours needs no more than this: its own variables and files, and `tenantry-workload.all`.
*/}}

{{/* How a participant reaches the control plane: `root`, `values` (dataPlane or verifier). */}}
{{- define "tenantry.participant.transport-env" -}}
{{- if eq .root.Values.transport "kafka" }}
{{- include "tenantry.kafka.env" (dict "kafka" (include "tenantry.kafka" (dict "root" .root "own" .values.kafka) | fromYaml)) }}
{{- else }}
{{- $secret := default .root.Values.controlPlane.transportLogins.existingSecret .values.transportLogin.existingSecret }}
{{- include "tenantry.env.secret" (dict "name" "EMBEDDED_TRANSPORT_URL" "secret" $secret "key" (default .values.name .values.transportLogin.key)) }}
{{- end }}
{{- end }}

{{- define "tenantry.participant.transport-files" -}}
{{- if eq .root.Values.transport "kafka" }}
{{- include "tenantry.kafka.files" (dict "kafka" (include "tenantry.kafka" (dict "root" .root "own" .values.kafka) | fromYaml)) }}
{{- end }}
{{- end }}

{{- define "tenantry.participant.egress" -}}
{{- $egress := list "dns" "database" }}
{{- if eq .Values.transport "kafka" }}{{ $egress = append $egress "kafka" }}{{ end }}
{{- if .Values.telemetry.otlpEndpoint }}{{ $egress = append $egress "telemetry" }}{{ end }}
{{- toYaml $egress }}
{{- end }}

{{/* CLUSTERS_FILE; `migrate`: with the administrators' URLs, which the process that serves is not given. */}}
{{- define "tenantry.data-plane.clusters" -}}
{{- $migrate := .migrate }}
{{- $clusters := dict }}
{{- range .values.clusters }}
{{- $at := printf "file:/run/tenantry/clusters/%s" .name }}
{{- $urls := dict "databaseUrl" (printf "%s/database-url" $at) "provisionerUrl" (printf "%s/provisioner-url" $at) }}
{{- if and $migrate (ne (toString .migrate) "false") }}{{ $_ := set $urls "migrateUrl" (printf "%s/migrate-url" $at) }}{{ end }}
{{- if and $migrate .support }}{{ $_ := set $urls "supportUrl" (printf "%s/support-url" $at) }}{{ end }}
{{- $_ := set $clusters .name $urls }}
{{- end }}
{{- toPrettyJson $clusters }}
{{- end }}

{{/* Files of further clusters, and the URLs of the first; `migrate` as above. */}}
{{- define "tenantry.data-plane.files" -}}
{{- $values := .root.Values.dataPlane }}
{{- $migrate := .migrate }}
{{- $database := $values.database }}
{{- include "tenantry.required" (dict "value" $database.existingSecret "name" "dataPlane.database.existingSecret" "what" "the Secret with the URLs of the service's database") }}
{{- $urls := dict $database.urlKey "url" $database.provisionerUrlKey "provisioner-url" }}
- {name: database, secret: {{ $database.existingSecret }}, mountPath: /run/tenantry/database, items: {{ toJson $urls }}}
{{- range $values.clusters }}
{{- $items := dict "database-url" "database-url" "provisioner-url" "provisioner-url" }}
{{- if and $migrate (ne (toString .migrate) "false") }}{{ $_ := set $items "migrate-url" "migrate-url" }}{{ end }}
{{- if and $migrate .support }}{{ $_ := set $items "support-url" "support-url" }}{{ end }}
- {name: cluster-{{ .name }}{{ if $migrate }}-admin{{ end }}, secret: {{ .existingSecret }}, mountPath: /run/tenantry/clusters/{{ .name }}, items: {{ toJson $items }}}
{{- end }}
{{- $config := dict }}
{{- if $values.clusters }}{{ $_ := set $config "clusters.json" "clusters.json" }}{{ end }}
{{- if $values.isolationAudit.config }}{{ $_ := set $config "isolation-audit.json" "isolation-audit.json" }}{{ end }}
{{- with $config }}
- {name: config{{ if $migrate }}-migrate{{ end }}, configMap: {{ include "tenantry.data-plane.name" $.root }}{{ if $migrate }}-migrate{{ end }}, mountPath: /etc/tenantry, items: {{ toJson . }}}
{{- end }}
{{- with $values.tenantLoginKey }}
{{- if .existingSecret }}
{{- $keys := dict .key "key" }}
{{- with .previousKey }}{{ $_ := set $keys . "previous-key" }}{{ end }}
- {name: tenant-login-key, secret: {{ .existingSecret }}, mountPath: /run/tenantry/tenant-login-key, items: {{ toJson $keys }}}
{{- end }}
{{- end }}
{{- with $values.contextSigning }}
{{- if .existingSecret }}
{{- $keys := dict .key "key" }}
{{- with .otherKey }}{{ $_ := set $keys . "other-key" }}{{ end }}
- {name: context-signing, secret: {{ .existingSecret }}, mountPath: /run/tenantry/context-signing, items: {{ toJson $keys }}}
{{- end }}
{{- end }}
{{- end }}

{{/* What both the process and its migration are told. */}}
{{- define "tenantry.data-plane.shared-env" -}}
{{- $values := .Values.dataPlane -}}
- {name: PARTICIPANT_NAME, value: {{ $values.name }}}
- {name: DATABASE_URL, value: 'file:/run/tenantry/database/url'}
- {name: PROVISIONER_DATABASE_URL, value: 'file:/run/tenantry/database/provisioner-url'}
- {name: DEFAULT_CLUSTER, value: {{ $values.defaultCluster }}}
{{- if $values.clusters }}
- {name: CLUSTERS_FILE, value: /etc/tenantry/clusters.json}
{{- end }}
{{- if $values.isolationAudit.config }}
- {name: ISOLATION_AUDIT_CONFIG, value: /etc/tenantry/isolation-audit.json}
{{- end }}
{{- with $values.tenantLoginKey }}
{{- if .existingSecret }}
- {name: TENANT_LOGIN_KEY, value: 'file:/run/tenantry/tenant-login-key/key'}
{{- if .previousKey }}
- {name: TENANT_LOGIN_PREVIOUS_KEY, value: 'file:/run/tenantry/tenant-login-key/previous-key'}
{{- end }}
{{- end }}
{{- end }}
{{- with $values.contextSigning }}
{{- if .mode }}
- {name: CONTEXT_SIGNING, value: {{ .mode | quote }}}
{{- if .existingSecret }}
- {name: CONTEXT_SIGNING_KEY, value: 'file:/run/tenantry/context-signing/key'}
{{- else if ne .mode "off" }}
{{- fail "dataPlane.contextSigning.existingSecret is required where contexts are signed: the Secret with the key" }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tenantry.data-plane.env" -}}
{{- $values := .Values.dataPlane }}
{{- include "tenantry.data-plane.shared-env" . }}
{{ include "tenantry.participant.transport-env" (dict "root" . "values" $values) }}
{{- with $values.apiKeyHashes }}
{{- if .existingSecret }}
{{- include "tenantry.env.secret" (dict "name" "DATA_PLANE_API_KEY_HASHES" "secret" .existingSecret "key" .key) }}
{{- end }}
{{- end }}
{{- if and $values.contextSigning.mode (ne $values.contextSigning.mode "off") }}
- {name: CONTEXT_SIGNING_BINDING, value: {{ $values.contextSigning.binding }}}
{{- end }}
{{- $connections := $values.connections }}
{{- include "tenantry.env.set" (dict
  "CONNECTIONS_TOTAL" $connections.total
  "CONNECTIONS_PER_CLUSTER" $connections.perCluster
  "CONNECTIONS_DEDICATED" $connections.dedicated
  "CONNECTIONS_PER_TENANT" $connections.perTenant
  "CONNECTION_WAIT" $connections.wait
  "ROUTE_STALENESS_ALERT" $values.routeStalenessAlert
  "ISOLATION_AUDIT_INTERVAL" $values.isolationAudit.interval) }}
{{- end }}

{{- define "tenantry.data-plane.migration-env" -}}
{{- $values := .Values.dataPlane }}
{{- $database := $values.database }}
{{- include "tenantry.data-plane.shared-env" . }}
{{- include "tenantry.env.secret" (dict "name" "MIGRATE_DATABASE_URL" "secret" $database.existingSecret "key" $database.adminUrlKey) }}
{{- with $database.supportUrlKey }}
{{- include "tenantry.env.secret" (dict "name" "SUPPORT_DATABASE_URL" "secret" $database.existingSecret "key" .) }}
{{- end }}
{{- with $values.contextSigning }}
{{- if and .mode (ne .mode "off") }}
{{- if .otherKey }}
- {name: CONTEXT_SIGNING_OTHER_KEY, value: 'file:/run/tenantry/context-signing/other-key'}
{{- end }}
{{- include "tenantry.env.set" (dict "CONTEXT_SIGNING_UNSIGNED" .unsigned "CONTEXT_SIGNING_OVERLAP" .overlap) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "tenantry.data-plane.name" -}}
{{- printf "%s-%s" (include "tenantry-workload.fullname" (dict "root" .)) .Values.dataPlane.name | trunc 53 | trimSuffix "-" }}
{{- end }}

{{- define "tenantry.data-plane.workload" -}}
{{- $values := .Values.dataPlane }}
{{- $transport := dict "root" . "values" $values }}
{{- $files := concat (include "tenantry.data-plane.files" (dict "root" . "migrate" false) | fromYamlArray) (include "tenantry.participant.transport-files" $transport | fromYamlArray) }}
{{- $workload := dict
  "name" (include "tenantry.data-plane.name" .)
  "component" "data-plane"
  "image" $values.image
  "args" (list "apps/data-plane/dist/main.js")
  "env" (include "tenantry.data-plane.env" . | fromYamlArray)
  "files" $files
  "settings" (mustMergeOverwrite (deepCopy .Values.defaults) (deepCopy $values.workload))
  "egress" (include "tenantry.participant.egress" . | fromYamlArray)
  "kafka" (include "tenantry.kafka" (dict "root" . "own" $values.kafka) | fromYaml)
  "port" 3001
  "service" true
  "ingress" (include "tenantry.callers" (dict "root" . "from" .Values.networkPolicy.ingress.dataPlane) | fromYamlArray)
  "checksums" (list (include "tenantry.data-plane.clusters" (dict "values" $values "migrate" false)) (toJson $values.isolationAudit.config)) }}
{{- $migration := dict
  "args" (list "apps/data-plane/dist/main.migrate.js")
  "env" (include "tenantry.data-plane.migration-env" . | fromYamlArray)
  "files" (include "tenantry.data-plane.files" (dict "root" . "migrate" true) | fromYamlArray)
  "settings" (mustMergeOverwrite (deepCopy .Values.controlPlane.migrations) (deepCopy $values.migrations))
  "weight" 10 }}
{{- toYaml (set $workload "migration" $migration) }}
{{- end }}
