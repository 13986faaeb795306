{{- define "tenantry-workload.pod-disruption-budget" -}}
{{- $labelled := dict "root" .root "component" .workload.component }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "name" .workload.name) $labelled) | nindent 2 }}
spec:
  maxUnavailable: {{ .workload.settings.pdb.maxUnavailable }}
  # A Pod that is not ready anyway does not keep a node from being emptied.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "tenantry-workload.selector-labels" $labelled | nindent 6 }}
{{- end }}

{{- define "tenantry-workload.horizontal-pod-autoscaler" -}}
{{- $labelled := dict "root" .root "component" .workload.component }}
{{- $autoscaling := .workload.settings.autoscaling }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "name" .workload.name) $labelled) | nindent 2 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .workload.name }}
  minReplicas: {{ $autoscaling.minReplicas }}
  maxReplicas: {{ $autoscaling.maxReplicas }}
  metrics:
    {{- with $autoscaling.targetCPUUtilizationPercentage }}
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ . }}}
    {{- end }}
    {{- with $autoscaling.outboxAge }}
    {{- if .enabled }}
    - type: External
      external:
        metric:
          name: {{ .metric }}
          {{- with .selector }}
          selector:
            {{- toYaml . | nindent 12 }}
          {{- end }}
        target: {type: Value, value: {{ .target | quote }}}
    {{- end }}
    {{- end }}
    {{- with $autoscaling.extraMetrics }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $autoscaling.behavior }}
  behavior:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Tells Prometheus's operator to read a workload's metrics. */}}
{{- define "tenantry-workload.service-monitor" -}}
{{- $monitor := .root.Values.metrics.serviceMonitor }}
{{- $labelled := dict "root" .root "component" .workload.component }}
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "name" .workload.name "labels" $monitor.labels) $labelled) | nindent 2 }}
spec:
  selector:
    matchLabels:
      {{- include "tenantry-workload.selector-labels" $labelled | nindent 6 }}
  endpoints:
    - port: metrics
      path: /metrics
      interval: {{ $monitor.interval }}
      scrapeTimeout: {{ $monitor.scrapeTimeout }}
      {{- with $monitor.metricRelabelings }}
      metricRelabelings:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end }}
