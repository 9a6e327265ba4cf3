import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface CollectedSpan {
  traceId: string
  spanId: string
  parentSpanId: string
  name: string
  /** OTLP's number: 2 server, 3 client, 5 consumer. */
  kind: number
  attributes: Record<string, unknown>
  /** Whether it ended with an error. */
  isError: boolean
  service: string
}

interface OtlpAttribute {
  key: string
  value: Record<string, unknown>
}

interface OtlpBody {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] }
    scopeSpans: { spans: Record<string, unknown>[] }[]
  }[]
}

export interface OtlpCollector {
  url: string
  spans: CollectedSpan[]
  /** The headers of the last request. */
  headers(): Record<string, unknown>
  close(): Promise<void>
}

/** A collector of OTLP/HTTP on loopback that takes JSON and keeps what it gets. */
export async function startOtlpCollector(): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = []
  let headers: Record<string, unknown> = {}
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      headers = request.headers
      const isRight = request.url === '/v1/traces' && request.headers['content-type'] === 'application/json'
      if (isRight) spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString('utf8')) as OtlpBody))
      response.writeHead(isRight ? 200 : 404, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  server.unref()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers: () => headers,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function spansOf({ resourceSpans }: OtlpBody): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: String(span['traceId']),
        spanId: String(span['spanId']),
        parentSpanId: String(span['parentSpanId'] ?? ''),
        name: String(span['name']),
        kind: Number(span['kind']),
        attributes: attributesOf(span['attributes'] as OtlpAttribute[]),
        isError: (span['status'] as { code?: number } | undefined)?.code === 2,
        service: String(attributesOf(resource.attributes)['service.name']),
      })),
    ),
  )
}

function attributesOf(list: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]))
}
