import type { Installed } from './chart.js';

const EVERYTHING = ['production', 'reference'] as const;
const SMALL = ['small', 'reference'] as const;
const DIGEST = `sha256:${'0'.repeat(64)}`;

/** Every switch of the chart, each in an installation in which it says something. */
export const MATRIX: Readonly<Record<string, Installed>> = {
  'the small profile': {
    profiles: ['small'],
    values: { controlPlane: { participants: [{ name: 'billing' }] } },
  },
  'the production profile': {
    profiles: ['production'],
    values: { controlPlane: { participants: [{ name: 'billing', stores: ['billing'] }] } },
  },
  'the small profile with the reference services': { profiles: SMALL },
  'the production profile with the reference services': { profiles: EVERYTHING },
  'both in one process, with Kafka': { profiles: EVERYTHING, values: { controlPlane: { mode: 'combined' } } },
  'split, without Kafka': { profiles: SMALL, values: { controlPlane: { mode: 'split' } } },
  'migrations in an init container': {
    profiles: EVERYTHING,
    values: { controlPlane: { migrations: { mode: 'initContainer' } } },
  },
  'migrations by somebody else': {
    profiles: EVERYTHING,
    values: { controlPlane: { migrations: { mode: 'none' } } },
  },
  'migrations of a service otherwise than the control plane’s': {
    profiles: EVERYTHING,
    values: {
      controlPlane: {
        migrations: { extraArgs: ['--raise-epoch'], annotations: { 'example.com/by': 'hand' } },
      },
      dataPlane: {
        migrations: { mode: 'initContainer' },
        clusters: [{ name: 'eu-1', existingSecret: 'eu-1' }],
      },
    },
  },
  'nothing but Deployments': {
    profiles: EVERYTHING,
    values: {
      serviceAccount: { create: false, name: 'given' },
      networkPolicy: { enabled: false },
      defaults: { pdb: { enabled: false }, shutdown: { drainSeconds: 0 } },
      metrics: {
        serviceMonitor: { enabled: false },
        prometheusRule: { enabled: false },
        dashboards: { enabled: false },
      },
      tests: { enabled: false },
      databaseCa: { existingSecret: '' },
    },
  },
  'reached by an Ingress and by the Gateway API': {
    profiles: EVERYTHING,
    values: {
      ingress: { enabled: true, className: 'nginx', host: 'tenants.example.com', tlsSecret: 'tenants-tls' },
      httpRoute: {
        enabled: true,
        parentRefs: [{ name: 'gateway', namespace: 'ingress' }],
        filters: [
          {
            type: 'ResponseHeaderModifier',
            responseHeaderModifier: { set: [{ name: 'x-by', value: 'gateway' }] },
          },
        ],
      },
    },
  },
  'a NetworkPolicy with names': {
    profiles: EVERYTHING,
    values: {
      telemetry: { otlpEndpoint: 'https://collector.example:4318' },
      networkPolicy: {
        ingress: {
          api: [{ namespaceSelector: { matchLabels: { name: 'ingress' } } }],
          dataPlane: [{ podSelector: { matchLabels: { app: 'shop' } } }],
          metrics: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }],
        },
        egress: {
          database: { to: [{ ipBlock: { cidr: '10.0.0.0/24' } }], ports: [5432, 6432] },
          kafka: { to: [{ ipBlock: { cidr: '10.0.1.0/24' } }] },
          telemetry: { to: [{ namespaceSelector: {} }], ports: [4318] },
          extra: [{ to: [{ ipBlock: { cidr: '10.0.2.0/24' } }], ports: [{ protocol: 'TCP', port: 8443 }] }],
        },
      },
    },
  },
  'scaling by CPU, by the outbox and by whatever else': {
    profiles: EVERYTHING,
    values: {
      controlPlane: {
        worker: {
          autoscaling: {
            enabled: true,
            targetCPUUtilizationPercentage: null,
            outboxAge: { enabled: true, selector: { matchLabels: { namespace: 'tenants' } } },
            extraMetrics: [
              {
                type: 'Resource',
                resource: { name: 'memory', target: { type: 'Utilization', averageUtilization: 80 } },
              },
            ],
            behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
          },
        },
      },
      dataPlane: { workload: { autoscaling: { enabled: true } } },
    },
  },
  'everything that a Pod can be given': {
    profiles: EVERYTHING,
    values: {
      imagePullSecrets: [{ name: 'registry' }],
      commonLabels: { team: 'platform' },
      commonAnnotations: { 'example.com/owner': 'platform' },
      controlPlane: {
        image: { digest: DIGEST },
        audit: { checkpointVolume: { persistentVolumeClaim: { claimName: 'checkpoints' } } },
      },
      defaults: {
        logLevel: 'debug',
        extraEnv: [{ name: 'TZ', value: 'UTC' }],
        extraEnvFrom: [{ secretRef: { name: 'more', optional: true } }],
        extraVolumes: [{ name: 'more', emptyDir: {} }],
        extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
        podAnnotations: { 'example.com/scrape': 'false' },
        podLabels: { tier: 'backend' },
        nodeSelector: { 'kubernetes.io/os': 'linux' },
        tolerations: [{ key: 'dedicated', operator: 'Exists' }],
        affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
        priorityClassName: 'important',
        topologySpreadConstraints: [
          {
            maxSkew: 2,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: {},
          },
        ],
        service: { type: 'LoadBalancer', port: 8080, annotations: { 'example.com/internal': 'true' } },
      },
      extraObjects: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'extra' }, data: { some: 'thing' } },
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: '{{ .Release.Name }}-templated'\n",
      ],
    },
  },
  'everything that the control plane can be told': {
    profiles: EVERYTHING,
    values: {
      controlPlane: {
        database: { poolSize: 40, adminSecret: 'tenantry-admin' },
        participants: [
          { name: 'reference', stores: ['primary', 'files'] },
          { name: 'search', optional: true, capabilities: ['purge'] },
          { name: 'verifier', capabilities: ['verify'] },
        ],
        defaultRegion: 'eu',
        minGracePeriod: 'P7D',
        defaultGracePeriod: 'P30DT12H',
        backupRetention: 'P35D',
        eventRetention: 'P180D',
        audit: { checkpointInterval: 'PT30S' },
        outboxNotify: false,
        outboxAlertAfter: 'PT2M',
        requestBackoff: { baseMs: 1000, maxMs: 3_600_000 },
        backfillConcurrency: 50,
        maxWatchers: 500,
        sweepIntervalMs: 1_000_000,
      },
      telemetry: {
        otlpEndpoint: 'http://collector:4318',
        otlpProtocol: 'http/json',
        otlpHeadersSecret: { name: 'collector' },
        resourceAttributes: { 'cloud.region': 'eu-central-1' },
        variables: { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' },
      },
    },
  },
  'everything that can be said of Kafka': {
    profiles: EVERYTHING,
    values: {
      kafka: {
        topicPrefix: 'eu',
        topicNames: { state: 'tenants', parked: 'parked' },
        topics: { partitions: 24, lifecycleRetention: 'P180D', answerRetention: 'P7D' },
        tls: { clientSecret: { name: 'tenantry-kafka-client' } },
        sasl: { mechanism: 'PLAIN' },
      },
      verifier: { kafka: { sasl: { mechanism: '' } } },
    },
  },
  'everything that the data plane and the verifier can be told': {
    profiles: EVERYTHING,
    values: {
      dataPlane: {
        database: { supportUrlKey: 'support-url' },
        tenantLoginKey: { previousKey: 'previous' },
        contextSigning: {
          mode: 'mac',
          existingSecret: 'context-key',
          otherKey: 'other',
          unsigned: 'accepted',
          binding: 'none',
          overlap: 'PT2H',
        },
        defaultCluster: 'eu-1',
        clusters: [
          { name: 'eu-2', existingSecret: 'cluster-eu-2', support: true },
          { name: 'eu-3', existingSecret: 'cluster-eu-3', migrate: false },
        ],
        connections: { total: 100, perCluster: 20, dedicated: 40, perTenant: 10, wait: 'PT2S' },
        routeStalenessAlert: 'PT10M',
        isolationAudit: { interval: 'PT30M', config: { allow: [] } },
      },
      verifier: {
        scan: {
          databases: ['*', '!other'],
          tenantColumns: ['tenant_id', 'org_id'],
          statementTimeoutMs: 1_200_000,
        },
      },
    },
  },
};
