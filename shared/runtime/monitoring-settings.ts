import { Type } from 'typebox'
import { flag, integer, text } from './setting.ts'

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** What watches over jethook: health, figures, traces, logs. Names with `OTEL_` are OpenTelemetry's own. */
export const MONITORING_SETTINGS = {
  HEALTH_CHECK_KEY: Type.Optional(
    Type.String({
      group: 'Monitoring',
      sensitive: true,
      description: 'Key that GET /health and GET /metrics ask for; not set: 404; empty: open',
    }),
  ),
  MONITORING_IP: text('', {
    group: 'Monitoring',
    description: 'Address that MONITORING_PORT listens on; default: IP',
  }),
  MONITORING_PORT: integer(
    0,
    { minimum: 0, maximum: 65535 },
    {
      group: 'Monitoring',
      description:
        'Port of GET /metrics, /live, /ready and /health without a key, which each service that runs alone has too; 0: none',
    },
  ),
  OTEL_EXPORTER_OTLP_ENDPOINT: text('', {
    group: 'Monitoring',
    description: 'Base URL of the OTLP/HTTP collector that traces are sent to; not set: nothing is traced',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: text('', {
    group: 'Monitoring',
    description: 'The same as the whole URL, for traces alone',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: text('', {
    group: 'Monitoring',
    sensitive: true,
    description: 'Headers of requests to the collector: name=value, comma separated, values percent-encoded',
  }),
  OTEL_SERVICE_NAME: text('', {
    group: 'Monitoring',
    description: 'service.name of traces; default: jethook, or jethook-<service> of one that runs alone',
  }),
  OTEL_RESOURCE_ATTRIBUTES: text('', {
    group: 'Monitoring',
    description: 'Further attributes of the resource: name=value, comma separated, values percent-encoded',
  }),
  OTEL_TRACES_SAMPLER: Type.Union(
    samplers.map((name) => Type.Literal(name)),
    {
      default: 'parentbased_always_on',
      group: 'Monitoring',
      description: 'Which traces are recorded; parentbased: as the publisher says, where it says anything',
    },
  ),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({
    default: 1,
    minimum: 0,
    maximum: 1,
    group: 'Monitoring',
    description: 'Part of the traces that a sampler by ratio records',
  }),
  OTEL_SDK_DISABLED: flag(false, {
    group: 'Monitoring',
    description: 'Whether nothing is traced, whatever else is set',
  }),
  SEND_TRACEPARENT: flag(true, {
    group: 'Monitoring',
    description: 'Whether webhooks carry the traceparent of their trace, or the one that their publisher gave',
  }),
  LOG_LEVEL: Type.Union(
    levels.map((level) => Type.Literal(level)),
    { default: 'info', group: 'Monitoring', description: 'Least severe log level that is written' },
  ),
}
