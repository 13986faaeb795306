{{/* Variables that are set where there is a value; whole numbers as such. */}}
{{- define "tenantry.env.set" -}}
{{- range $name, $value := . }}
{{- if not (or (kindIs "invalid" $value) (eq (toString $value) "")) }}
- {name: {{ $name }}, value: {{ ternary (int64 $value | toString) (toString $value) (kindIs "float64" $value) | quote }}}
{{- end }}
{{- end }}
{{- end }}

{{/* A variable with what a Secret holds: `name`, `secret`, `key`. */}}
{{- define "tenantry.env.secret" }}
- name: {{ .name }}
  valueFrom: {secretKeyRef: {name: {{ .secret }}, key: {{ .key | quote }}}}
{{- end }}

{{/* What stands above is what a process cannot do without. */}}
{{- define "tenantry.required" -}}
{{- if not .value }}{{ fail (printf "%s is required: %s" .name .what) }}{{ end }}
{{- end }}
