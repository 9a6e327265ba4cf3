import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { type ObjectService, SERVICE_KEYS, startObjectService } from '#test/support/object-service.ts'
import { type ObjectStore, ObjectStoreError, openObjectStore } from './object-store.ts'

const PART_BYTES = 1_000
let service: ObjectService
let folder: string
let store: ObjectStore
before(async () => {
  service = await startObjectService()
  folder = await mkdtemp(join(tmpdir(), 'jethook-store-'))
})
beforeEach(() => {
  service.refuse = null
  service.requests.length = 0
  store = openObjectStore({ url: 's3://bucket/a b/c', environment: service.environment, partBytes: PART_BYTES })
})
after(async () => {
  await service.close()
  await rm(folder, { recursive: true })
})

async function fileOf(bytes: Buffer): Promise<string> {
  const file = join(folder, randomBytes(6).toString('hex'))
  await writeFile(file, bytes)
  return file
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
const isClear = (pattern: RegExp) => (error: unknown) => {
  const { message } = error as Error
  assert.match(message, pattern)
  for (const key of Object.values(SERVICE_KEYS)) assert.ok(!message.includes(key), message)
  return error instanceof ObjectStoreError
}

for (const size of [0, 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES, 3_456]) {
  test(`a file of ${size} bytes is there afterwards, byte by byte, in parts of ${PART_BYTES}`, async () => {
    const bytes = randomBytes(size)
    await store.put('file', await fileOf(bytes))
    assert.deepEqual(service.objects.get('bucket/a b/c/file'), bytes)
    assert.equal(await store.digestOf('file'), sha256(bytes))
    const back = join(folder, `back-${size}`)
    await store.get('file', back)
    assert.deepEqual(await readFile(back), bytes)
    assert.equal((await stat(back)).mode & 0o777, 0o600)
    const parts = service.requests.filter((request) => /^PUT .*partNumber=/.test(request))
    assert.equal(parts.length, size > PART_BYTES ? Math.ceil(size / PART_BYTES) : 0)
    assert.equal(service.openUploads(), 0)
  })
}

test('what is there is known from what is not', async () => {
  await store.put('here', await fileOf(Buffer.from('x')))
  assert.deepEqual([await store.has('here'), await store.has('not here')], [true, false])
  await assert.rejects(store.digestOf('not here'), isClear(/reading not here was answered with 404 NoSuchKey$/))
})

test('a part that is refused for a moment is sent again', async () => {
  let refusals = 0
  service.refuse = (request) => (/partNumber=2/.test(request) && refusals++ < 2 ? 503 : null)
  const bytes = randomBytes(2_500)
  await store.put('patient', await fileOf(bytes))
  assert.equal(await store.digestOf('patient'), sha256(bytes))
})

test('an upload that fails leaves no parts behind, and says what was refused', async () => {
  service.refuse = (request) => (/partNumber=2/.test(request) ? 400 : null)
  await assert.rejects(
    store.put('broken', await fileOf(randomBytes(2_500))),
    isClear(/part 2 of broken was answered with 400/),
  )
  assert.equal(service.openUploads(), 0)
  assert.equal(await store.has('broken'), false)
})

test('wrong keys are refused, and are in no message', async () => {
  const environment = { ...service.environment, AWS_SECRET_ACCESS_KEY: 'another-secret-key' }
  const stranger = openObjectStore({ url: 's3://bucket/c', environment })
  await assert.rejects(stranger.has('x'), isClear(/answered with 403/))
  await assert.rejects(stranger.digestOf('x'), isClear(/answered with 403 SignatureDoesNotMatch/))
})

test('what is missing or wrong is said before anything is sent', () => {
  const { environment } = service
  const opened =
    (url: string, more: Record<string, string> = {}) =>
    () =>
      openObjectStore({ url, environment: { ...environment, ...more } })
  for (const url of ['s3://bucket', 's3://bucket/', 's3:///x', 's3://B/x'])
    assert.throws(opened(url), /must be like s3:\/\/bucket\/prefix/)
  assert.throws(opened('s3://bucket/x', { AWS_SECRET_ACCESS_KEY: '' }), /Set AWS_ACCESS_KEY_ID and AWS_SECRET/)
  assert.throws(opened('s3://bucket/x', { AWS_ENDPOINT_URL_S3: 'https://a:secret@b' }), /without credentials/)
  assert.deepEqual(service.requests, [])
})

test('a service that is not there is said to be so', async () => {
  const environment = { ...service.environment, AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1' }
  const nobody = openObjectStore({ url: 's3://bucket/c', environment })
  await assert.rejects(nobody.has('x'), isClear(/can't be reached at http:\/\/127\.0\.0\.1:1/))
})
