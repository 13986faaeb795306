{{/* The Deployment of a workload; see _pod.tpl for what it is given. */}}
{{- define "tenantry-workload.deployment" -}}
{{- $root := .root }}
{{- $workload := .workload }}
{{- $settings := $workload.settings }}
{{- $labelled := dict "root" $root "component" $workload.component }}
{{- $files := concat $workload.files (include "tenantry-workload.common-files" . | fromYamlArray) }}
{{- $process := dict "HOST" "0.0.0.0" "PORT" (toString $workload.port) "METRICS_PORT" (toString $root.Values.metrics.port) }}
{{- $env := list }}
{{- range $name, $seconds := dict "SHUTDOWN_DRAIN" $settings.shutdown.drainSeconds "SHUTDOWN_TIMEOUT" $settings.shutdown.timeoutSeconds }}{{ $_ := set $process $name (printf "PT%dS" (int $seconds)) }}{{ end }}
{{- range $name, $value := $process }}{{ $env = append $env (dict "name" $name "value" $value) }}{{ end }}
{{- $container := dict "root" $root "container" $workload.component "image" $workload.image "args" $workload.args "env" (concat $env $workload.env) "files" $workload.files "settings" $settings "resources" $settings.resources }}
{{- $initial := and $workload.migration (eq $workload.migration.settings.mode "initContainer") }}
{{- if $initial }}
{{- $files = concat $files $workload.migration.files }}
{{- end }}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "name" $workload.name) $labelled) | nindent 2 }}
spec:
  {{- if not $settings.autoscaling.enabled }}
  replicas: {{ $settings.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    {{- toYaml $settings.strategy | nindent 4 }}
  selector:
    matchLabels:
      {{- include "tenantry-workload.selector-labels" $labelled | nindent 6 }}
  template:
    metadata:
      labels:
        {{- toYaml (merge (deepCopy $settings.podLabels) (include "tenantry-workload.labels" $labelled | fromYaml)) | nindent 8 }}
      {{- $annotations := deepCopy $settings.podAnnotations }}
      {{- with $workload.checksums }}{{ $_ := set $annotations "checksum/config" (toJson . | sha256sum) }}{{ end }}
      {{- with $annotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      {{- include "tenantry-workload.pod-spec" (dict "root" $root "settings" $settings "serviceAccount" (include "tenantry-workload.service-account" $labelled)) | nindent 6 }}
      terminationGracePeriodSeconds: {{ add $settings.shutdown.drainSeconds $settings.shutdown.timeoutSeconds 10 }}
      topologySpreadConstraints:
        {{- if $settings.topologySpreadConstraints }}
        {{- toYaml $settings.topologySpreadConstraints | nindent 8 }}
        {{- else }}
        {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - topologyKey: {{ $key }}
          maxSkew: 1
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "tenantry-workload.selector-labels" $labelled | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
        {{- end }}
      {{- if $initial }}
      initContainers:
        - {{ include "tenantry-workload.migration-container" . | nindent 10 | trim }}
      {{- end }}
      containers:
        - {{ include "tenantry-workload.container" $container | nindent 10 | trim }}
          ports:
            - {name: http, containerPort: {{ $workload.port }}}
            - {name: metrics, containerPort: {{ $root.Values.metrics.port }}}
          startupProbe:
            httpGet: {path: /livez, port: http}
            {{- toYaml $settings.probes.startup | nindent 12 }}
          livenessProbe:
            httpGet: {path: /livez, port: http}
            {{- toYaml $settings.probes.liveness | nindent 12 }}
          readinessProbe:
            httpGet: {path: /readyz, port: http}
            {{- toYaml $settings.probes.readiness | nindent 12 }}
      volumes:
        {{- include "tenantry-workload.volumes" (dict "files" (include "tenantry-workload.distinct" $files | fromYamlArray) "extra" $settings.extraVolumes) | nindent 8 }}
{{- end }}

{{/* Files without those whose name came before: a process and its migration may share some. */}}
{{- define "tenantry-workload.distinct" -}}
{{- $seen := dict }}
{{- $kept := list }}
{{- range . }}
{{- if not (hasKey $seen .name) }}{{ $kept = append $kept . }}{{ $_ := set $seen .name true }}{{ end }}
{{- end }}
{{- toYaml $kept }}
{{- end }}
