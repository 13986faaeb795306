{{/*
What things are called. Each takes `root` (the chart's own context) and, where said, `component`.
*/}}

{{- define "tenantry-workload.chart-name" -}}
{{- default .root.Chart.Name .root.Values.nameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{/* The release's name with the chart's, once; short enough for what is appended. */}}
{{- define "tenantry-workload.fullname" -}}
{{- if .root.Values.fullnameOverride }}
{{- .root.Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- $name := include "tenantry-workload.chart-name" . }}
{{- if contains $name .root.Release.Name }}
{{- .root.Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .root.Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a selector may hold: never anything that changes between releases. */}}
{{- define "tenantry-workload.selector-labels" -}}
app.kubernetes.io/name: {{ include "tenantry-workload.chart-name" . }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{- define "tenantry-workload.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "tenantry-workload.selector-labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: tenantry
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/*
`metadata` of an object: `root`, `name`, and where there are any `component`, `labels` (more of them) and `annotations`.
*/}}
{{- define "tenantry-workload.metadata" -}}
{{- $labels := merge (deepCopy (default dict .labels)) (include "tenantry-workload.labels" . | fromYaml) -}}
{{- $annotations := merge (deepCopy (default dict .annotations)) .root.Values.commonAnnotations -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- toYaml $labels | nindent 2 }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The account that Pods run as; it has no rights. */}}
{{- define "tenantry-workload.service-account" -}}
{{- default (include "tenantry-workload.fullname" .) .root.Values.serviceAccount.name }}
{{- end }}

{{/* An image by digest where there is one, else by tag, else as the chart's appVersion. */}}
{{- define "tenantry-workload.image" -}}
{{- if .image.digest }}
{{- printf "%s@%s" .image.repository .image.digest }}
{{- else }}
{{- printf "%s:%s" .image.repository (default .root.Chart.AppVersion .image.tag) }}
{{- end }}
{{- end }}
