{{/* The container that migrates; `root` and `workload`. */}}
{{- define "tenantry-workload.migration-container" -}}
{{- $migration := .workload.migration }}
{{- $settings := .workload.settings }}
{{- include "tenantry-workload.container" (dict "root" .root "container" "migrate" "image" .workload.image "args" (concat $migration.args $migration.settings.extraArgs) "env" $migration.env "files" $migration.files "settings" $settings "resources" $migration.settings.resources) }}
{{- end }}

{{/* What Helm makes before the release is there, and takes away when the migration is done. */}}
{{- define "tenantry-workload.hook" -}}
helm.sh/hook: pre-install,pre-upgrade
helm.sh/hook-weight: {{ .weight | quote }}
helm.sh/hook-delete-policy: {{ .delete }}
{{- end }}

{{/*
The migration of a workload as a Job before each installation and upgrade. It has an account and a NetworkPolicy of its own, since the
release's do not exist before the first installation. The Job stays until the next one, for whoever wants to read what it said.
*/}}
{{- define "tenantry-workload.migration" -}}
{{- $root := .root }}
{{- $workload := .workload }}
{{- $migration := $workload.migration }}
{{- if eq $migration.settings.mode "hook" }}
{{- $component := printf "%s-migrate" $workload.component }}
{{- $name := printf "%s-migrate" $workload.name }}
{{- $labelled := dict "root" $root "component" $component "name" $name }}
{{- $before := include "tenantry-workload.hook" (dict "weight" (sub $migration.weight 5) "delete" "before-hook-creation,hook-succeeded") | fromYaml }}
{{- $account := ternary $name (include "tenantry-workload.service-account" $labelled) $root.Values.serviceAccount.create }}
{{- if $root.Values.serviceAccount.create }}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "annotations" (merge (deepCopy $before) $root.Values.serviceAccount.annotations)) $labelled) | nindent 2 }}
automountServiceAccountToken: false
---
{{- end }}
{{- if $root.Values.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  {{- include "tenantry-workload.metadata" (merge (dict "annotations" $before) $labelled) | nindent 2 }}
spec:
  podSelector:
    matchLabels:
      {{- include "tenantry-workload.selector-labels" $labelled | nindent 6 }}
  policyTypes: [Ingress, Egress]
  egress:
    {{- include "tenantry-workload.egress" (dict "root" $root "names" $workload.egress "kafka" $workload.kafka) | trim | nindent 4 }}
---
{{- end }}
apiVersion: batch/v1
kind: Job
metadata:
  {{- $annotations := include "tenantry-workload.hook" (dict "weight" $migration.weight "delete" "before-hook-creation") | fromYaml }}
  {{- include "tenantry-workload.metadata" (merge (dict "annotations" (merge $annotations $migration.settings.annotations)) $labelled) | nindent 2 }}
spec:
  backoffLimit: {{ $migration.settings.backoffLimit }}
  activeDeadlineSeconds: {{ $migration.settings.activeDeadlineSeconds }}
  podFailurePolicy:
    rules:
      # The release is older than its database: trying again does not mend that.
      - action: FailJob
        onExitCodes: {containerName: migrate, operator: In, values: [78]}
  template:
    metadata:
      labels:
        {{- toYaml (merge (deepCopy $workload.settings.podLabels) (include "tenantry-workload.labels" $labelled | fromYaml)) | nindent 8 }}
      {{- with $workload.settings.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      restartPolicy: Never
      {{- include "tenantry-workload.pod-spec" (dict "root" $root "settings" $workload.settings "serviceAccount" $account) | nindent 6 }}
      containers:
        - {{ include "tenantry-workload.migration-container" . | nindent 10 | trim }}
      volumes:
        {{- $files := concat $migration.files (include "tenantry-workload.common-files" . | fromYamlArray) }}
        {{- include "tenantry-workload.volumes" (dict "files" $files "extra" $workload.settings.extraVolumes) | nindent 8 }}
{{- end }}
{{- end }}
