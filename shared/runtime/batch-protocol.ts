import type { MsgHdrs } from '@nats-io/transport-node'
import type { AppendMessage } from './appender.ts'

/**
 * JetStream's atomic batch (ADR-50), written out: every message names the batch and its place in it, the last one
 * commits and is answered for all. The client library's own form waits for an answer to the first message and drops
 * message ids on commit.
 */
export interface BatchPlace {
  id: string
  /** From 1. */
  sequence: number
  isLast: boolean
}

/** The server's answer to a message or to a whole batch. */
export type PublishAnswer =
  | { type: 'stored'; seq: number; isDuplicate: boolean; count: number }
  | { type: 'refused'; code: number; description: string }
  | { type: 'unclear' }

/**
 * The headers of a message, or undefined when it needs none. The client's own header class keeps a map of arrays for
 * each message; all that the connection asks of it is `encode()`.
 */
export function messageHeaders(message: AppendMessage, place: BatchPlace | null): MsgHdrs | undefined {
  let text = ''
  if (place !== null) {
    text += `Nats-Batch-Id: ${place.id}\r\nNats-Batch-Sequence: ${place.sequence}\r\n`
    if (place.isLast) text += 'Nats-Batch-Commit: 1\r\n'
  }
  if (message.msgId !== undefined) text += `Nats-Msg-Id: ${message.msgId}\r\n`
  if (message.expectLastSubjectSeq !== undefined)
    text += `Nats-Expected-Last-Subject-Sequence: ${message.expectLastSubjectSeq}\r\n`
  for (const name in message.headers) text += `${name}: ${message.headers[name]}\r\n`
  if (text === '') return undefined
  const encoded = Buffer.from(`NATS/1.0\r\n${text}\r\n`, 'latin1')
  return { encode: () => encoded } as unknown as MsgHdrs
}

/** @param text The answer's body, JSON. */
export function parsePublishAnswer(text: string): PublishAnswer {
  const answer = JSON.parse(text) as {
    seq?: number
    duplicate?: boolean
    count?: number
    error?: { err_code?: number; code?: number; description?: string }
  }
  if (answer.error) {
    return {
      type: 'refused',
      code: answer.error.err_code ?? answer.error.code ?? 0,
      description: answer.error.description ?? 'unknown',
    }
  }
  if (answer.seq === undefined)
    return { type: 'refused', code: 0, description: `answer without a sequence: ${text.slice(0, 200)}` }
  return { type: 'stored', seq: answer.seq, isDuplicate: answer.duplicate === true, count: answer.count ?? 1 }
}
