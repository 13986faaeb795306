{{/* `split`: the API and the worker; `combined`: both in one. */}}
{{- define "tenantry.control-plane.components" -}}
{{- ternary (list "control-plane") (list "api" "worker") (eq .Values.controlPlane.mode "combined") | toYaml }}
{{- end }}

{{/* What others call: the same name in both modes. */}}
{{- define "tenantry.control-plane.component-of-api" -}}
{{- ternary "control-plane" "api" (eq .Values.controlPlane.mode "combined") }}
{{- end }}

{{/* PARTICIPANTS. Nothing would become ACTIVE by nobody, and the process's own default is a service that need not be there. */}}
{{- define "tenantry.participants" -}}
{{- $declared := .Values.controlPlane.participants }}
{{- include "tenantry.required" (dict "value" $declared "name" "controlPlane.participants" "what" "the services that must act on tenants, at least one, such as [{name: billing}]") }}
{{- $names := list }}
{{- $entries := list }}
{{- range $declared }}
{{- $names = append $names .name }}
{{- $entry := printf "%s%s" .name (ternary "?" "" (default false .optional)) }}
{{- with .capabilities }}{{ $entry = printf "%s=%s" $entry (join "+" .) }}{{ end }}
{{- with .stores }}{{ $entry = printf "%s@%s" $entry (join "+" .) }}{{ end }}
{{- $entries = append $entries $entry }}
{{- end }}
{{- if gt (len $names) (len (uniq $names)) }}{{ fail "controlPlane.participants names somebody twice" }}{{ end }}
{{- range list .Values.dataPlane .Values.verifier }}
{{- if and .enabled (not (has .name $names)) }}
{{- fail (printf "%s is enabled, and controlPlane.participants does not name it: nobody would ask it for anything" .name) }}
{{- end }}
{{- end }}
{{- join "," $entries }}
{{- end }}

{{/* The control plane's database, as every process of it is told. */}}
{{- define "tenantry.control-plane.database-env" -}}
{{- $database := .Values.controlPlane.database }}
{{- include "tenantry.required" (dict "value" $database.existingSecret "name" "controlPlane.database.existingSecret" "what" "the Secret with the URLs of the control plane's database") }}
{{- include "tenantry.env.secret" (dict "name" "DATABASE_URL" "secret" $database.existingSecret "key" $database.urlKey) }}
{{- end }}

{{- define "tenantry.control-plane.transport-env" -}}
{{- if eq .Values.transport "kafka" }}
{{- include "tenantry.kafka.env" (dict "kafka" .Values.kafka) }}
{{- end }}
{{- end }}

{{- define "tenantry.control-plane.transport-files" -}}
{{- if eq .Values.transport "kafka" }}
{{- include "tenantry.kafka.files" (dict "kafka" .Values.kafka) }}
{{- end }}
{{- end }}

{{- define "tenantry.control-plane.env" -}}
{{- $values := .root.Values.controlPlane }}
{{- include "tenantry.control-plane.database-env" .root }}
{{ include "tenantry.control-plane.transport-env" .root }}
{{- include "tenantry.env.set" (dict
  "DATABASE_POOL_SIZE" $values.database.poolSize
  "MIN_GRACE_PERIOD" $values.minGracePeriod
  "DEFAULT_GRACE_PERIOD" $values.defaultGracePeriod
  "REQUEST_BACKOFF_BASE_MS" $values.requestBackoff.baseMs
  "REQUEST_BACKOFF_MAX_MS" $values.requestBackoff.maxMs
  "MAX_WATCHERS" $values.maxWatchers
  "BACKFILL_CONCURRENCY" $values.backfillConcurrency
  "OUTBOX_NOTIFY" (ternary "on" "off" $values.outboxNotify)
  "OUTBOX_ALERT_AFTER" $values.outboxAlertAfter
  "SWEEP_INTERVAL_MS" $values.sweepIntervalMs
  "AUDIT_CHECKPOINT_INTERVAL" $values.audit.checkpointInterval
  "BACKUP_RETENTION" $values.backupRetention
  "EVENT_RETENTION" $values.eventRetention) }}
{{- if ne .component "api" }}
- {name: SIGNING_KEY, value: 'file:/run/tenantry/signing-key/signing-key.pem'}
{{- if $values.audit.checkpointVolume }}
- {name: AUDIT_CHECKPOINT_FILE, value: /var/lib/tenantry/checkpoints/$(POD_NAME).txt}
{{- end }}
{{- end }}
{{- end }}

{{- define "tenantry.control-plane.files" -}}
{{- $values := .root.Values.controlPlane }}
{{- include "tenantry.control-plane.transport-files" .root }}
{{- if ne .component "api" }}
{{- include "tenantry.required" (dict "value" $values.signingKey.existingSecret "name" "controlPlane.signingKey.existingSecret" "what" "the Secret with the Ed25519 key that audit checkpoints and certificates are signed with") }}
- {name: signing-key, secret: {{ $values.signingKey.existingSecret }}, mountPath: /run/tenantry/signing-key, items: { {{ $values.signingKey.key | quote }}: signing-key.pem }}
{{- with $values.audit.checkpointVolume }}
- {name: checkpoints, volume: {{ toJson . }}, mountPath: /var/lib/tenantry/checkpoints, writable: true}
{{- end }}
{{- end }}
{{- end }}

{{- define "tenantry.control-plane.migration-env" -}}
{{- $values := .Values.controlPlane }}
{{- include "tenantry.control-plane.database-env" . }}
{{- include "tenantry.env.secret" (dict "name" "MIGRATE_DATABASE_URL" "secret" (default $values.database.existingSecret $values.database.adminSecret) "key" $values.database.adminUrlKey) }}
- {name: PARTICIPANTS, value: {{ include "tenantry.participants" . | quote }}}
- {name: DEFAULT_REGION, value: {{ $values.defaultRegion }}}
{{- with $values.bootstrapKey }}
{{- if .existingSecret }}
{{- include "tenantry.env.secret" (dict "name" "BOOTSTRAP_ADMIN_KEY_HASH" "secret" .existingSecret "key" .hashKey) }}
{{- end }}
{{- end }}
{{ include "tenantry.control-plane.transport-env" . }}
{{- if eq .Values.transport "embedded" }}
{{- $secret := $values.transportLogins.existingSecret }}
{{- include "tenantry.required" (dict "value" $secret "name" "controlPlane.transportLogins.existingSecret" "what" "with the embedded transport, the Secret with the URL of each participant's login in the control plane's database, under the participant's name") }}
{{- $urls := list }}
{{- range $index, $participant := $values.participants }}
{{- $variable := printf "TRANSPORT_URL_%d" $index }}
{{- include "tenantry.env.secret" (dict "name" $variable "secret" $secret "key" $participant.name) }}
{{- $urls = append $urls (printf "%s=$(%s)" $participant.name $variable) }}
{{- end }}
- {name: PARTICIPANT_TRANSPORT_URLS, value: {{ join "," $urls | quote }}}
{{- end }}
{{- end }}

{{/* A process of the control plane, for the library: `root`, `component`. */}}
{{- define "tenantry.control-plane.workload" -}}
{{- $root := .root }}
{{- $values := $root.Values.controlPlane }}
{{- $fullname := include "tenantry-workload.fullname" (dict "root" $root) }}
{{- $worker := eq .component "worker" }}
{{- $own := ternary $values.worker $values.api $worker }}
{{- $entry := get (dict "api" "main.api" "worker" "main.worker" "control-plane" "main") .component }}
{{- $egress := list "dns" "database" }}
{{- if eq $root.Values.transport "kafka" }}{{ $egress = append $egress "kafka" }}{{ end }}
{{- if $root.Values.telemetry.otlpEndpoint }}{{ $egress = append $egress "telemetry" }}{{ end }}
{{- $workload := dict
  "name" (ternary (printf "%s-worker" $fullname) $fullname $worker)
  "component" .component
  "image" $values.image
  "args" (list (printf "apps/control-plane/dist/%s.js" $entry))
  "env" (include "tenantry.control-plane.env" . | fromYamlArray)
  "files" (include "tenantry.control-plane.files" . | fromYamlArray)
  "settings" (mustMergeOverwrite (deepCopy $root.Values.defaults) (deepCopy $own))
  "egress" $egress
  "kafka" $root.Values.kafka
  "port" 3000
  "service" (not $worker)
  "ingress" (include "tenantry.callers" (dict "root" $root "from" $root.Values.networkPolicy.ingress.api) | fromYamlArray) }}
{{- if or (not $worker) (eq $values.migrations.mode "initContainer") }}
{{- $migration := dict
  "args" (list "apps/control-plane/dist/main.migrate.js")
  "env" (include "tenantry.control-plane.migration-env" $root | fromYamlArray)
  "files" (include "tenantry.control-plane.transport-files" $root | fromYamlArray)
  "settings" $values.migrations
  "weight" 0 }}
{{- $_ := set $workload "migration" $migration }}
{{- end }}
{{- toYaml $workload }}
{{- end }}

{{/* Who may call: as given, and `helm test`. Nobody given is anybody. */}}
{{- define "tenantry.callers" -}}
{{- $callers := .from }}
{{- if $callers }}
{{- $callers = append $callers (dict "podSelector" (dict "matchLabels" (include "tenantry-workload.selector-labels" (dict "root" .root "component" "test") | fromYaml))) }}
{{- end }}
{{- toYaml $callers }}
{{- end }}
