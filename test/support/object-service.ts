import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AwsV4Signer } from 'aws4fetch'

export const SERVICE_KEYS = { AWS_ACCESS_KEY_ID: 'key-id-of-a-test', AWS_SECRET_ACCESS_KEY: 'secret-key-of-a-test' }

/** A service that keeps objects in memory and speaks as much of S3 as a backup needs. */
export interface ObjectService {
  /** Settings with which it is found. */
  environment: Record<string, string>
  /** By `bucket/key`. */
  objects: Map<string, Buffer>
  /** Requests, as `METHOD /path?query`. */
  requests: string[]
  /** Uploads that were begun and neither ended nor given up. */
  openUploads(): number
  /** Asked for each request: a status to answer with instead. */
  refuse: ((request: string) => number | null) | null
  close(): Promise<void>
}

interface Upload {
  key: string
  parts: Map<number, Buffer>
}

export async function startObjectService(): Promise<ObjectService> {
  const objects = new Map<string, Buffer>()
  const uploads = new Map<string, Upload>()
  const requests: string[] = []
  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => fail(response, 500, String(error)))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request)
    const name = `${request.method} ${request.url}`
    requests.push(name)
    const refused = service.refuse?.(name)
    if (refused) return fail(response, refused, 'SlowDown')
    const reason = await whyForged(request, body, endpoint)
    if (reason !== null) return fail(response, 403, reason)
    const url = new URL(request.url!, endpoint)
    const key = decodeURIComponent(url.pathname.slice(1))
    const uploadId = url.searchParams.get('uploadId')
    switch (request.method) {
      case 'HEAD':
      case 'GET': {
        const found = objects.get(key)
        if (found === undefined) return fail(response, 404, 'NoSuchKey')
        response.writeHead(200, { 'content-length': found.length }).end(request.method === 'GET' ? found : undefined)
        return
      }
      case 'PUT':
        if (uploadId === null) objects.set(key, body)
        else uploads.get(uploadId)!.parts.set(Number(url.searchParams.get('partNumber')), body)
        response.writeHead(200, { etag: `"${tagOf(body)}"` }).end()
        return
      case 'POST':
        if (uploadId === null) {
          const id = `upload/${uploads.size + 1}+`
          uploads.set(id, { key, parts: new Map() })
          response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
        } else if (put(uploadId, body.toString())) response.end('<CompleteMultipartUploadResult/>')
        else fail(response, 200, 'InvalidPart')
        return
      case 'DELETE':
        if (uploadId !== null) uploads.delete(uploadId)
        response.writeHead(204).end()
        return
      default:
        fail(response, 405, 'MethodNotAllowed')
    }
  }

  /** @returns whether the parts are those that are listed. */
  function put(uploadId: string, list: string): boolean {
    const { key, parts } = uploads.get(uploadId)!
    const listed = [...list.matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>"(\w+)"<\/ETag>/g)]
    const bodies = listed.map(([, number, tag]) => {
      const part = parts.get(Number(number))
      return part !== undefined && tagOf(part) === tag ? part : null
    })
    if (listed.length !== parts.size || bodies.includes(null)) return false
    objects.set(key, Buffer.concat(bodies as Buffer[]))
    return uploads.delete(uploadId)
  }

  const service: ObjectService = {
    environment: { ...SERVICE_KEYS, AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: 'test-1' },
    objects,
    requests,
    openUploads: () => uploads.size,
    refuse: null,
    async close() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return service
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const tagOf = (body: Uint8Array) => createHash('md5').update(body).digest('hex')

function fail(response: ServerResponse, status: number, code: string): void {
  const id = SERVICE_KEYS.AWS_ACCESS_KEY_ID
  response.writeHead(status).end(`<Error><Code>${code}</Code><AWSAccessKeyId>${id}</AWSAccessKeyId></Error>`)
}

/** Signed with our keys, and for this very body; null: it is. */
async function whyForged(request: IncomingMessage, body: Buffer, endpoint: string): Promise<string | null> {
  const { authorization, 'x-amz-content-sha256': digest, 'x-amz-date': datetime } = request.headers
  if (authorization === undefined) return 'AccessDenied'
  if (digest !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch'
  const signer = new AwsV4Signer({
    method: request.method!,
    url: endpoint + request.url,
    headers: { 'x-amz-content-sha256': digest },
    accessKeyId: SERVICE_KEYS.AWS_ACCESS_KEY_ID,
    secretAccessKey: SERVICE_KEYS.AWS_SECRET_ACCESS_KEY,
    service: 's3',
    region: 'test-1',
    datetime: String(datetime),
  })
  return (await signer.authHeader()) === authorization ? null : 'SignatureDoesNotMatch'
}
