{{- define "tenantry.verifier.scan-env" -}}
{{- $values := .Values.verifier }}
{{- include "tenantry.required" (dict "value" $values.database.existingSecret "name" "verifier.database.existingSecret" "what" "the Secret with the URLs of the verifier's own database") }}
{{- include "tenantry.required" (dict "value" $values.scan.existingSecret "name" "verifier.scan.existingSecret" "what" "the Secret with cluster=postgres://… of every server that is looked at") }}
{{- include "tenantry.env.secret" (dict "name" "VERIFIER_DATABASE_URL" "secret" $values.database.existingSecret "key" $values.database.urlKey) }}
{{- include "tenantry.env.secret" (dict "name" "SCAN_DATABASE_URLS" "secret" $values.scan.existingSecret "key" $values.scan.urlsKey) }}
{{- include "tenantry.env.set" (dict "SCAN_DATABASES" (join "," $values.scan.databases)) }}
{{- end }}

{{- define "tenantry.verifier.env" -}}
{{- $values := .Values.verifier -}}
- {name: PARTICIPANT_NAME, value: {{ $values.name }}}
{{- include "tenantry.verifier.scan-env" . }}
{{- include "tenantry.env.set" (dict "SCAN_TENANT_COLUMNS" (join "," $values.scan.tenantColumns) "SCAN_STATEMENT_TIMEOUT_MS" $values.scan.statementTimeoutMs) }}
{{ include "tenantry.participant.transport-env" (dict "root" . "values" $values) }}
{{- end }}

{{- define "tenantry.verifier.migration-env" -}}
{{- $values := .Values.verifier }}
{{- include "tenantry.verifier.scan-env" . }}
{{- include "tenantry.env.secret" (dict "name" "MIGRATE_DATABASE_URL" "secret" $values.database.existingSecret "key" $values.database.adminUrlKey) }}
{{- with $values.scan.adminUrlsKey }}
{{- include "tenantry.env.secret" (dict "name" "SCAN_ADMIN_URLS" "secret" $values.scan.existingSecret "key" .) }}
{{- end }}
{{- end }}

{{- define "tenantry.verifier.workload" -}}
{{- $values := .Values.verifier }}
{{- $workload := dict
  "name" (printf "%s-%s" (include "tenantry-workload.fullname" (dict "root" .)) $values.name | trunc 53 | trimSuffix "-")
  "component" "verifier"
  "image" .Values.dataPlane.image
  "args" (list "apps/data-plane/dist/main.verify.js")
  "env" (include "tenantry.verifier.env" . | fromYamlArray)
  "files" (include "tenantry.participant.transport-files" (dict "root" . "values" $values) | fromYamlArray)
  "settings" (mustMergeOverwrite (deepCopy .Values.defaults) (deepCopy $values.workload))
  "egress" (include "tenantry.participant.egress" . | fromYamlArray)
  "kafka" (include "tenantry.kafka" (dict "root" . "own" $values.kafka) | fromYaml)
  "port" 3002
  "service" false }}
{{- $migration := dict
  "args" (list "apps/data-plane/dist/main.verify-migrate.js")
  "env" (include "tenantry.verifier.migration-env" . | fromYamlArray)
  "files" list
  "settings" (mustMergeOverwrite (deepCopy .Values.controlPlane.migrations) (deepCopy $values.migrations))
  "weight" 20 }}
{{- toYaml (set $workload "migration" $migration) }}
{{- end }}
