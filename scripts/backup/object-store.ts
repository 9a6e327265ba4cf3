import { createHash, type Hash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { AwsClient } from 'aws4fetch'
import { SettingsError } from '#shared/runtime/config.ts'

/** Files at an S3-like service, under one prefix. */
export interface ObjectStore {
  /** For people: `s3://bucket/prefix`. */
  readonly name: string
  has(key: string): Promise<boolean>
  /** Puts a file there, in parts of bounded size. */
  put(key: string, file: string): Promise<void>
  /** @param file Must not be there yet. */
  get(key: string, file: string): Promise<void>
  /** SHA-256 in hex of what is there: it is read again for that. */
  digestOf(key: string): Promise<string>
}

/** The service refused, or could not be reached. Its message holds no key. */
export class ObjectStoreError extends Error {
  override name = 'ObjectStoreError'
}

export interface ObjectStoreOptions {
  /** `s3://bucket/prefix` */
  url: string
  /** AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL (absent: Amazon's), AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
  environment: Record<string, string | undefined>
  /** S3 takes no parts of less than 5 MiB, but for the last one. */
  partBytes?: number
}

const PART_BYTES = 16 * 1024 * 1024
const PARTS_MAX = 10_000
const RETRIES = 5
const FIRST_RETRY_MS = 100
const REQUEST_TIMEOUT_MS = 300_000

/** Whether a backup's place is named as one at an S3-like service. */
export const isObjectStoreUrl = (place: string): boolean => place.startsWith('s3://')

/** @throws {SettingsError} when the address is none, or keys are missing, saying what to set. */
export function openObjectStore({ url, environment, partBytes = PART_BYTES }: ObjectStoreOptions): ObjectStore {
  const [, bucket, prefix] = /^s3:\/\/([a-z0-9][a-z0-9.-]+)\/(.*?)\/*$/.exec(url) ?? []
  if (bucket === undefined || !prefix) throw new SettingsError(`'${url}' must be like s3://bucket/prefix.`)
  const region = environment['AWS_REGION'] || environment['AWS_DEFAULT_REGION'] || 'us-east-1'
  const endpoint = endpointOf(environment, region)
  const client = clientOf(environment, region)

  const addressOf = (key: string) =>
    `${endpoint}/${[bucket, ...prefix.split('/'), key].map(encodeURIComponent).join('/')}`

  async function ask(
    method: string,
    key: string,
    query = '',
    body?: Uint8Array<ArrayBuffer> | string,
  ): Promise<Response> {
    const bytes = typeof body === 'string' ? Buffer.from(body) : (body ?? new Uint8Array())
    const init = {
      method,
      headers: { 'x-amz-content-sha256': createHash('sha256').update(bytes).digest('hex') },
      ...(body === undefined ? {} : { body: bytes }),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    }
    return client.fetch(addressOf(key) + query, init).catch((error: unknown) => {
      const { cause, message } = error as Error
      throw new ObjectStoreError(
        `${url} can't be reached at ${endpoint}: ${(cause as Error | undefined)?.message ?? message}`,
      )
    })
  }

  async function insist(what: string, response: Response): Promise<Response> {
    if (response.ok) return response
    // The rest of the answer may tell the key, and what was signed.
    const [, code = ''] = /<Code>(\w+)<\/Code>/.exec(await response.text()) ?? []
    throw new ObjectStoreError(`${url}: ${what} was answered with ${response.status} ${code}`.trimEnd())
  }

  async function putParts(key: string, parts: AsyncIterable<Uint8Array<ArrayBuffer>>): Promise<void> {
    const begun = await insist(`beginning ${key}`, await ask('POST', key, '?uploads='))
    const [, uploadId] = /<UploadId>([^<]+)<\/UploadId>/.exec(await begun.text()) ?? []
    if (uploadId === undefined) throw new ObjectStoreError(`${url}: no upload of ${key} could be begun`)
    const upload = `uploadId=${encodeURIComponent(uploadId)}`
    try {
      const tags: string[] = []
      for await (const part of parts) {
        const number = tags.length + 1
        const answer = await insist(
          `part ${number} of ${key}`,
          await ask('PUT', key, `?partNumber=${number}&${upload}`, part),
        )
        tags.push(answer.headers.get('etag') ?? '')
      }
      const list = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`).join('')
      const body = `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`
      const ended = await insist(`ending ${key}`, await ask('POST', key, `?${upload}`, body))
      // It begins its answer before it knows, so that a 200 may hold an error.
      if (/<Error>/.test(await ended.text())) throw new ObjectStoreError(`${url}: ${key} could not be put together`)
    } catch (error) {
      // Parts that nobody asks for any more cost money.
      await ask('DELETE', key, `?${upload}`).catch(() => {})
      throw error
    }
  }

  async function read(key: string): Promise<Readable> {
    const { body } = await insist(`reading ${key}`, await ask('GET', key))
    return body === null ? Readable.from([]) : Readable.fromWeb(body)
  }

  return {
    name: url,
    async has(key) {
      const response = await ask('HEAD', key)
      if (response.status === 404) return false
      await insist(`asking for ${key}`, response)
      return true
    },
    async put(key, file) {
      const { size } = await stat(file)
      const bytes = Math.max(partBytes, Math.ceil(size / PARTS_MAX))
      if (size > bytes) return putParts(key, partsOf(file, bytes))
      for await (const whole of partsOf(file, Math.max(1, size)))
        await insist(`putting ${key}`, await ask('PUT', key, '', whole))
    },
    async get(key, file) {
      await pipeline(await read(key), createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
    },
    async digestOf(key) {
      const hash = createHash('sha256')
      await pipeline(await read(key), intoHash(hash))
      return hash.digest('hex')
    },
  }
}

function endpointOf(environment: ObjectStoreOptions['environment'], region: string): string {
  const given = environment['AWS_ENDPOINT_URL_S3'] || environment['AWS_ENDPOINT_URL']
  if (!given) return `https://s3.${region}.amazonaws.com`
  const url = URL.parse(given)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '')
    throw new SettingsError('AWS_ENDPOINT_URL_S3 must be an http(s) address without credentials.')
  return given.replace(/\/+$/, '')
}

function clientOf(environment: ObjectStoreOptions['environment'], region: string): AwsClient {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = environment
  if (!accessKeyId || !secretAccessKey)
    throw new SettingsError('Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for a backup at an S3-like service.')
  const session = AWS_SESSION_TOKEN ? { sessionToken: AWS_SESSION_TOKEN } : {}
  return new AwsClient({
    accessKeyId,
    secretAccessKey,
    ...session,
    service: 's3',
    region,
    retries: RETRIES,
    initRetryMs: FIRST_RETRY_MS,
  })
}

/** An empty file is one empty part. */
async function* partsOf(file: string, bytes: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const source = await open(file, 'r')
  try {
    for (let count = 0; ; count++) {
      const part = new Uint8Array(bytes)
      const { bytesRead } = await source.read(part, 0, bytes)
      if (bytesRead === 0 && count > 0) return
      yield part.subarray(0, bytesRead)
      if (bytesRead < bytes) return
    }
  } finally {
    await source.close()
  }
}

function intoHash(hash: Hash): Writable {
  return new Writable({
    write(chunk: Buffer, _, done) {
      hash.update(chunk)
      done()
    },
  })
}
