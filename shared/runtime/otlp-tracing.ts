import { setTimeout as delay } from 'node:timers/promises'
import type { SpanKind as ApiSpanKind, Context, Span as OtelSpan } from '@opentelemetry/api'
import type { Sampler } from '@opentelemetry/sdk-trace'
import { formatTraceparent, parseTraceparent } from '../domain/trace-context.ts'
import type { Settings } from './config.ts'
import { NO_TRACING, type Span, type SpanKind, type SpanStart, type Tracing } from './tracing.ts'
import { JETHOOK_VERSION } from './version.ts'

const CLOSE_LIMIT_MS = 1_000
const EXPORT_INTERVAL_MS = 1_000
const QUEUED_SPANS_MAX = 8_192
const TRACES_PATH = 'v1/traces'

/**
 * Spans to an OTLP/HTTP collector, as OpenTelemetry's own variables say; without an endpoint nothing of OpenTelemetry is even
 * loaded.
 * @param serviceName Unless `OTEL_SERVICE_NAME` says otherwise.
 */
export async function createTracing(settings: Settings, serviceName: string): Promise<Tracing> {
  const url = tracesUrl(settings)
  if (url === null || settings.OTEL_SDK_DISABLED) return NO_TRACING
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ])
  const exporter = new OTLPTraceExporter({ url, headers: pairsOf(settings.OTEL_EXPORTER_OTLP_HEADERS) })
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({
      'service.name': settings.OTEL_SERVICE_NAME || serviceName,
      'service.version': JETHOOK_VERSION,
      ...pairsOf(settings.OTEL_RESOURCE_ATTRIBUTES),
    }),
    sampler: samplerOf(settings, sdk),
    spanProcessors: [
      new sdk.BatchSpanProcessor({
        exporter,
        scheduledDelayMillis: EXPORT_INTERVAL_MS,
        maxQueueSize: QUEUED_SPANS_MAX,
      }),
    ],
  })
  const tracer = provider.getTracer('jethook', JETHOOK_VERSION)
  const kinds: Record<SpanKind, ApiSpanKind> = {
    server: api.SpanKind.SERVER,
    consumer: api.SpanKind.CONSUMER,
    client: api.SpanKind.CLIENT,
  }

  function contextOf(traceparent: string | undefined): Context {
    const parent = parseTraceparent(traceparent)
    if (parent === null) return api.ROOT_CONTEXT
    const { traceId, spanId, flags: traceFlags } = parent
    return api.trace.setSpanContext(api.ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
  }

  function begin({ name, kind, parent, attributes, startedAtMs }: SpanStart): Span {
    const started = tracer.startSpan(
      name,
      {
        kind: kinds[kind],
        ...(attributes ? { attributes } : {}),
        ...(startedAtMs === undefined ? {} : { startTime: startedAtMs }),
      },
      contextOf(parent),
    )
    return spanOf(started, api.SpanStatusCode.ERROR)
  }

  return {
    isOn: true,
    begin,
    async close() {
      await Promise.race([provider.shutdown().catch(() => {}), delay(CLOSE_LIMIT_MS, undefined, { ref: false })])
    },
  }
}

function spanOf(span: OtelSpan, errorCode: number): Span {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return {
    traceId,
    traceparent: formatTraceparent({ traceId, spanId, flags: traceFlags }),
    set: (attributes) => void span.setAttributes(attributes),
    end(error) {
      if (error !== undefined) span.setStatus({ code: errorCode, message: error })
      span.end()
    },
  }
}

function tracesUrl(settings: Settings): string | null {
  if (settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT !== '') return settings.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
  const base = settings.OTEL_EXPORTER_OTLP_ENDPOINT
  return base === '' ? null : new URL(TRACES_PATH, base.endsWith('/') ? base : `${base}/`).href
}

function samplerOf(settings: Settings, sdk: typeof import('@opentelemetry/sdk-trace')): Sampler {
  const [, isParentBased, kind] = /^(parentbased_)?(.*)$/.exec(settings.OTEL_TRACES_SAMPLER)!
  const root =
    kind === 'always_off'
      ? new sdk.AlwaysOffSampler()
      : kind === 'traceidratio'
        ? new sdk.TraceIdRatioBasedSampler(settings.OTEL_TRACES_SAMPLER_ARG)
        : new sdk.AlwaysOnSampler()
  return isParentBased ? new sdk.ParentBasedSampler({ root }) : root
}

/** `name=value,name=value`, as in W3C Baggage. */
function pairsOf(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at < 1 ? [] : [[pair.slice(0, at).trim(), decodeOrKeep(pair.slice(at + 1).trim())]]
  })
  return Object.fromEntries(pairs)
}

function decodeOrKeep(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value
  }
}
