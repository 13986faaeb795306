{{/* Everything of a workload: Deployment, Service, budget, scaling, NetworkPolicy, monitor and migration. See _pod.tpl for what it is given. */}}
{{- define "tenantry-workload.all" -}}
{{- $settings := .workload.settings }}
{{- $parts := list "deployment" "service" }}
{{- if $settings.pdb.enabled }}{{ $parts = append $parts "pod-disruption-budget" }}{{ end }}
{{- if $settings.autoscaling.enabled }}{{ $parts = append $parts "horizontal-pod-autoscaler" }}{{ end }}
{{- if .root.Values.networkPolicy.enabled }}{{ $parts = append $parts "network-policy" }}{{ end }}
{{- if .root.Values.metrics.serviceMonitor.enabled }}{{ $parts = append $parts "service-monitor" }}{{ end }}
{{- if .workload.migration }}{{ $parts = append $parts "migration" }}{{ end }}
{{- $context := . }}
{{- range $part := $parts }}
---
{{ include (printf "tenantry-workload.%s" $part) $context }}
{{- end }}
{{- end }}
