{{/*
The Pod of a long-running process and of its migration. Both take `root` and `workload`:

  name       of the Deployment, and what everything of it begins with
  component  of the selector
  image      {repository, tag, digest, pullPolicy}
  args       of `node`, such as [apps/control-plane/dist/main.api.js]
  env        variables of the process, beside those that every process has
  files      what is mounted: [{name, secret or configMap or volume, items: {key: path}, mountPath, writable}]
  settings   replicas, resources, probes, …: values.yaml has them under `defaults`
  egress     what it may reach: names of `networkPolicy.egress`
  port       of HTTP; serves probes alone where `service` is false
  service    whether others call it
  ingress    who may, as `from` of a NetworkPolicy
  checksums  texts with whose change the Pods are to be replaced
  migration  {args, env, files, settings, weight}: what runs before it; see tenantry-workload.migration
*/}}

{{/* Files of Secrets are read by the group that the Pod's volumes belong to, and by nobody else. */}}
{{- define "tenantry-workload.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- range .files }}
- name: {{ .name }}
  {{- if .secret }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
    items:
      {{- range $key, $path := .items }}
      - {key: {{ $key | quote }}, path: {{ $path | quote }}}
      {{- end }}
  {{- else if .configMap }}
  configMap:
    name: {{ .configMap }}
    items:
      {{- range $key, $path := .items }}
      - {key: {{ $key | quote }}, path: {{ $path | quote }}}
      {{- end }}
  {{- else }}
  {{- toYaml .volume | nindent 2 }}
  {{- end }}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tenantry-workload.volume-mounts" -}}
- {name: tmp, mountPath: /tmp}
{{- range .files }}
- {name: {{ .name }}, mountPath: {{ .mountPath }}{{ if not .writable }}, readOnly: true{{ end }}}
{{- end }}
{{- with .extra }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What every process is told of where it runs, and of whom it tells. The names come first: what follows may refer to them. */}}
{{- define "tenantry-workload.common-env" -}}
{{- $values := .root.Values -}}
- name: POD_NAME
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
- name: POD_NAMESPACE
  valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
- {name: LOG_LEVEL, value: {{ .logLevel | quote }}}
{{- $attributes := dict "service.instance.id" "$(POD_NAME)" "k8s.pod.name" "$(POD_NAME)" "k8s.namespace.name" "$(POD_NAMESPACE)" }}
{{- with $values.telemetry.environment }}{{ $_ := set $attributes "deployment.environment.name" . }}{{ end }}
{{- $attributes = merge (deepCopy $values.telemetry.resourceAttributes) $attributes }}
{{- $pairs := list }}
{{- range $key, $value := $attributes }}{{ $pairs = append $pairs (printf "%s=%s" $key $value) }}{{ end }}
- {name: OTEL_RESOURCE_ATTRIBUTES, value: {{ join "," $pairs | quote }}}
{{- with $values.telemetry.otlpEndpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ . | quote }}}
- {name: OTEL_EXPORTER_OTLP_PROTOCOL, value: {{ $values.telemetry.otlpProtocol | quote }}}
{{- with $values.telemetry.otlpHeadersSecret }}
{{- if .name }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: {secretKeyRef: {name: {{ .name }}, key: {{ .key }}}}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := $values.telemetry.variables }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{/* Each variable once, the later one winning, in an order in which what refers to another comes after it. */}}
{{- define "tenantry-workload.env" -}}
{{- $own := dict }}
{{- range .extra }}{{ $_ := set $own .name true }}{{ end }}
{{- range .env }}
{{- if not (hasKey $own .name) }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}
{{- range .extra }}
- {{ toYaml . | nindent 2 | trim }}
{{- end }}
{{- end }}

{{- define "tenantry-workload.container" -}}
{{- $settings := .settings -}}
{{- $files := concat .files (include "tenantry-workload.common-files" . | fromYamlArray) -}}
{{- $env := concat (include "tenantry-workload.common-env" (dict "root" .root "logLevel" $settings.logLevel) | fromYamlArray) .env -}}
name: {{ .container }}
image: {{ include "tenantry-workload.image" . | quote }}
imagePullPolicy: {{ .image.pullPolicy }}
workingDir: /app
command: [node]
args:
  {{- toYaml .args | nindent 2 }}
env:
  {{- include "tenantry-workload.env" (dict "env" $env "extra" $settings.extraEnv) | trim | nindent 2 }}
{{- with $settings.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .resources | nindent 2 }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  {{- include "tenantry-workload.volume-mounts" (dict "files" $files "extra" $settings.extraVolumeMounts) | nindent 2 }}
{{- end }}

{{/* What every Pod may have mounted. */}}
{{- define "tenantry-workload.common-files" -}}
{{- with .root.Values.databaseCa }}
{{- if .existingSecret }}
- {name: database-ca, secret: {{ .existingSecret }}, mountPath: /run/tenantry/database-ca, items: { {{ .key | quote }}: ca.crt }}
{{- end }}
{{- end }}
{{- end }}

{{/* What is the same in every Pod; `serviceAccount` and `settings`. */}}
{{- define "tenantry-workload.pod-spec" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ .serviceAccount }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- toYaml $values.podSecurityContext | nindent 2 }}
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- range $key := list "nodeSelector" "tolerations" "affinity" "priorityClassName" }}
{{- with index $.settings $key }}
{{ $key }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}
