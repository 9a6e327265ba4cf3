import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { StreamConfig, StreamState } from '@nats-io/jetstream'
import { createInbox } from '@nats-io/transport-node'
import type { Nats } from '#shared/runtime/nats.ts'
import type { StreamName } from '#shared/runtime/streams.ts'

/** A stream as the server has packed it, in a file. */
export interface StreamSnapshot {
  config: StreamConfig
  state: Pick<StreamState, 'messages' | 'first_seq' | 'last_seq'>
  bytes: number
  /** Of the file, in hex. */
  sha256: string
}

/** The server refused, or the snapshot broke off; the file is not to be used. */
export class SnapshotError extends Error {
  override name = 'SnapshotError'
}

const CHUNK_BYTES = 128 * 1024
const ANSWER_TIMEOUT_MS = 30_000
/** The server packs everything first. */
const FIRST_ANSWER_TIMEOUT_MS = 600_000

interface ApiAnswer {
  error?: { description?: string }
}

function answerOf<T extends ApiAnswer>(text: string, what: string): T {
  const answer = JSON.parse(text) as T
  if (answer.error) throw new SnapshotError(`${what}: ${answer.error.description}`)
  return answer
}

/**
 * Takes a snapshot of a stream while it is in use (JetStream's own): what was acknowledged before is
 * in it. Consumers are left out: jethook makes them again from its checkpoints.
 */
export async function takeSnapshot({ connection }: Nats, stream: StreamName, file: string): Promise<StreamSnapshot> {
  const inbox = createInbox()
  const chunks = connection.subscribe(inbox)
  const target = await open(file, 'wx', 0o600)
  try {
    const request = { deliver_subject: inbox, no_consumers: true, chunk_size: CHUNK_BYTES }
    const reply = await connection.request(`$JS.API.STREAM.SNAPSHOT.${stream}`, JSON.stringify(request), {
      timeout: FIRST_ANSWER_TIMEOUT_MS,
    })
    const { config, state } = answerOf<ApiAnswer & Pick<StreamSnapshot, 'config' | 'state'>>(reply.string(), stream)
    const hash = createHash('sha256')
    let bytes = 0
    for await (const chunk of chunks) {
      if (chunk.data.length === 0) {
        const code = chunk.headers?.code ?? 0
        if (code >= 400) throw new SnapshotError(`${stream}: the snapshot broke off: ${chunk.headers?.description}`)
        break
      }
      await target.write(chunk.data)
      hash.update(chunk.data)
      bytes += chunk.data.length
      // The server sends on as chunks are answered.
      chunk.respond()
    }
    await target.sync()
    const { messages, first_seq, last_seq } = state
    return { config, state: { messages, first_seq, last_seq }, bytes, sha256: hash.digest('hex') }
  } finally {
    chunks.unsubscribe()
    await target.close()
  }
}

/** Puts a stream back as the snapshot has it. It must not be there. @returns what it holds then. */
export async function restoreSnapshot(
  { connection }: Nats,
  stream: StreamName,
  { config, state }: StreamSnapshot,
  file: string,
): Promise<StreamSnapshot['state']> {
  const reply = await connection.request(`$JS.API.STREAM.RESTORE.${stream}`, JSON.stringify({ config, state }), {
    timeout: ANSWER_TIMEOUT_MS,
  })
  const { deliver_subject } = answerOf<ApiAnswer & { deliver_subject: string }>(reply.string(), stream)
  const source = await open(file, 'r')
  try {
    const buffer = Buffer.alloc(CHUNK_BYTES)
    while (true) {
      const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES)
      if (bytesRead === 0) break
      const answer = await connection.request(deliver_subject, buffer.subarray(0, bytesRead), {
        timeout: ANSWER_TIMEOUT_MS,
      })
      if (answer.data.length > 0) answerOf(answer.string(), stream)
    }
    const end = await connection.request(deliver_subject, '', { timeout: FIRST_ANSWER_TIMEOUT_MS })
    return answerOf<ApiAnswer & { state: StreamSnapshot['state'] }>(end.string(), stream).state
  } finally {
    await source.close()
  }
}
