{{/* The Service of a workload. Without callers of its own it is headless, for whoever reads metrics. */}}
{{- define "tenantry-workload.service" -}}
{{- $workload := .workload }}
{{- $labelled := dict "root" .root "component" $workload.component }}
{{- $service := $workload.settings.service }}
apiVersion: v1
kind: Service
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "name" $workload.name "annotations" $service.annotations) $labelled) | nindent 2 }}
spec:
  {{- if $workload.service }}
  type: {{ $service.type }}
  {{- else }}
  type: ClusterIP
  clusterIP: None
  {{- end }}
  selector:
    {{- include "tenantry-workload.selector-labels" $labelled | nindent 4 }}
  ports:
    {{- if $workload.service }}
    - {name: http, port: {{ $service.port }}, targetPort: http, appProtocol: http}
    {{- end }}
    - {name: metrics, port: {{ .root.Values.metrics.port }}, targetPort: metrics, appProtocol: http}
{{- end }}

{{/*
Rules of egress by the names of `networkPolicy.egress`, and those that are for every Pod. Ports of Kafka are those of its brokers, unless told.
*/}}
{{- define "tenantry-workload.egress" -}}
{{- $root := .root }}
{{- $kafka := .kafka }}
{{- range $name := .names }}
{{- $rule := index $root.Values.networkPolicy.egress $name }}
{{- $ports := $rule.ports }}
{{- if and (eq $name "kafka") (not $ports) }}
{{- range $kafka.brokers }}{{ $ports = append $ports (splitList ":" . | last | atoi) }}{{ end }}
{{- end }}
- ports:
    {{- range $ports | uniq }}
    {{- if eq $name "dns" }}
    - {protocol: UDP, port: {{ . }}}
    {{- end }}
    - {protocol: TCP, port: {{ . }}}
    {{- end }}
  {{- with $rule.to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $root.Values.networkPolicy.egress.extra }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Who may reach a workload, and what it may reach. */}}
{{- define "tenantry-workload.network-policy" -}}
{{- $workload := .workload }}
{{- $labelled := dict "root" .root "component" $workload.component }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "name" $workload.name) $labelled) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "tenantry-workload.selector-labels" $labelled | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- if $workload.service }}
    - ports: [{protocol: TCP, port: http}]
      {{- with $workload.ingress }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    - ports: [{protocol: TCP, port: metrics}]
      {{- with .root.Values.networkPolicy.ingress.metrics }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
  egress:
    {{- include "tenantry-workload.egress" (dict "root" .root "names" $workload.egress "kafka" $workload.kafka) | trim | nindent 4 }}
{{- end }}
