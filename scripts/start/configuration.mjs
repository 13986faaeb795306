/** Reads what a user may set for `npm start`. @throws Error naming the variable that is wrong. */
export function configuration(env = process.env) {
  const host = env.HOST || '127.0.0.1';
  return {
    host,
    /** How this machine itself reaches a server that listens on `host`. */
    localHost: { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host),
    ports: {
      'control-plane': port(env, 'PORT', 3000),
      'data-plane': port(env, 'DATA_PLANE_PORT', 3001),
      verifier: port(env, 'VERIFIER_PORT', 3002),
    },
    /** Where each process's metrics are read. */
    metricsPorts: {
      'control-plane': port(env, 'METRICS_PORT', 9464),
      'data-plane': port(env, 'DATA_PLANE_METRICS_PORT', 9465),
      verifier: port(env, 'VERIFIER_METRICS_PORT', 9466),
    },
    /** Unset: any free port. */
    postgresPort: env.POSTGRES_PORT ? port(env, 'POSTGRES_PORT') : undefined,
    databaseUrl: env.DATABASE_URL || undefined,
    kafkaBrokers: env.KAFKA_BROKERS || undefined,
    kafkaTopicPrefix: env.KAFKA_TOPIC_PREFIX || 'tenantry',
    /** Handed on as they are: credentials, how topics are made. */
    kafkaVariables: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('KAFKA_'))),
    logLevel: env.LOG_LEVEL || 'info',
  };
}

/** The variable that moves a process to another port. */
export const PORT_VARIABLES = {
  'control-plane': 'PORT',
  'data-plane': 'DATA_PLANE_PORT',
  verifier: 'VERIFIER_PORT',
  postgres: 'POSTGRES_PORT',
};

function port(env, name, otherwise) {
  const value = env[name] || String(otherwise);
  if (!/^\d{1,5}$/.test(value) || Number(value) < 1 || Number(value) > 65_535) {
    throw new Error(`${name} must be a port between 1 and 65535`);
  }
  return Number(value);
}
