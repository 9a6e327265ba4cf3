import { setTimeout as delay } from 'node:timers/promises'
import { createLatest } from '../domain/latest.ts'
import {
  AppendConflictError,
  AppendDuplicateError,
  type Appended,
  type Appender,
  AppenderBusyError,
  type AppendMessage,
  AppendRefusedError,
  AppendUnknownError,
  isStoreFull,
} from './appender.ts'
import { messageHeaders, type PublishAnswer, parsePublishAnswer } from './batch-protocol.ts'
import type { Logger } from './logger.ts'
import { type Metrics, NO_METRICS, SECONDS_BUCKETS } from './metrics.ts'
import type { Nats } from './nats.ts'
import type { StreamName } from './streams.ts'

/** The bounds of one appender; each is a count, bytes or milliseconds as its name says. */
export interface AppenderLimits {
  /** Messages of one atomic batch; the server takes 1,000. */
  batchMessagesMax: number
  batchBytesMax: number
  /** Up to so many are sent one by one: a batch costs the server about as much as a dozen single messages. */
  singlesMax: number
  roundsUnderWayMax: number
  /** A further round begins only when so much waits for it, or one has failed: many small ones cost the server more. */
  secondRoundMin: number
  /** Under load, the pause after a batch until as much has come again: the next one is then larger, and there are fewer. */
  gatherMs: number
  waitingMessagesMax: number
  waitingBytesMax: number
  /** How long a caller waits for room before it gets `AppenderBusyError`. */
  roomTimeoutMs: number
  /** How long the server may take to answer before the append counts as unclear and is sent again. */
  answerTimeoutMs: number
  /**
   * After this an append is given up, and as soon as the server says that its store is full; `Number.POSITIVE_INFINITY` tries
   * for ever.
   */
  giveUpAfterMs: number
  /** Ids of the latest appends that are kept in memory, so that a known duplicate spoils no batch. */
  recentIdsMax: number
}

export const APPENDER_LIMITS: AppenderLimits = {
  batchMessagesMax: 1_000,
  batchBytesMax: 8 * 1024 * 1024,
  singlesMax: 12,
  roundsUnderWayMax: 2,
  secondRoundMin: 64,
  gatherMs: 8,
  waitingMessagesMax: 20_000,
  waitingBytesMax: 64 * 1024 * 1024,
  roomTimeoutMs: 2_000,
  answerTimeoutMs: 5_000,
  giveUpAfterMs: Number.POSITIVE_INFINITY,
  recentIdsMax: 20_000,
}

/** What one caller wants appended: a message, or several all or none. */
interface Unit {
  messages: readonly AppendMessage[]
  isUrgent: boolean
  bytes: number
  deadlineMs: number
  /** Sent at least once without an answer: it may be in the stream already. */
  isUnclear: boolean
  isSettled: boolean
  /** The server's last refusal, if it gave one: what the caller is told when time is up. */
  lastRefusal: AppendRefusedError | null
  resolve(result: Appended): void
  reject(error: Error): void
}

type Refusal = Extract<PublishAnswer, { type: 'refused' }>

const DUPLICATE_IN_BATCH = 10201
const WRONG_LAST_SEQUENCE = new Set([10071, 10164])
const MESSAGE_TOO_LARGE = 10054
const RETRY_WAIT_MS = 100
const RETRY_WAIT_MAX_MS = 2_000
const DEADLINE_CHECK_MS = 100

export interface GroupCommitAppenderOptions {
  nats: Nats
  stream: StreamName
  logger: Logger
  limits?: Partial<AppenderLimits>
  /** Left out: nothing is counted. */
  metrics?: Metrics
}

/**
 * The group-commit appender: what arrives while a batch is under way forms the next one, so the number of fsyncs
 * falls as the load rises. A refused batch is taken apart, so that each caller gets its own answer; an append without
 * an answer is repeated under the same id and, if it then looks like a duplicate, resolved by reading the stream.
 */
export function createGroupCommitAppender({
  nats,
  stream,
  logger,
  limits: given,
  metrics = NO_METRICS,
}: GroupCommitAppenderOptions): Appender {
  const limits = { ...APPENDER_LIMITS, ...given }
  const { connection, jsm } = nats
  const own = nats.ownAppends(stream)
  let queue: Unit[] = []
  let waitingMessages = 0
  let waitingBytes = 0
  /** Of those that wait: not under way. */
  let queuedMessages = 0
  let queuedUrgent = 0
  let roundsUnderWay = 0
  let isPumpPlanned = false
  let gathering: { enough: number; timer: NodeJS.Timeout } | null = null
  let isClosed = false
  let lastSeq = 0
  let isRefusedAsFull = false
  let failuresInARow = 0
  let failingSinceMs: number | null = null
  const underWay = new Set<Unit>()
  const pendingById = new Map<string, Promise<Appended>>()
  /** Their places, by id. */
  const recentIds = createLatest<string, number>(limits.recentIdsMax / 2)
  const roomWaiters: { resolve: () => void; reject: (error: Error) => void; untilMs: number }[] = []
  const drainWaiters: (() => void)[] = []
  const forgetReconnects = nats.onReconnect(planPump)
  const figures = createAppendFigures(metrics, stream)

  let deadlineTimer: NodeJS.Timeout | null = null

  /** As long as something waits; an idle appender wakes nobody up. */
  function watchDeadlines(): void {
    deadlineTimer ??= setTimeout(() => {
      deadlineTimer = null
      rejectOverdue()
      if (waitingMessages > 0 || roomWaiters.length > 0) watchDeadlines()
    }, DEADLINE_CHECK_MS).unref()
  }

  function countQueued({ messages, isUrgent }: Unit, sign: 1 | -1): void {
    queuedMessages += sign * messages.length
    if (isUrgent) queuedUrgent += sign
  }

  function hasRoom(): boolean {
    return waitingMessages < limits.waitingMessagesMax && waitingBytes < limits.waitingBytesMax
  }

  function waitForRoom(): Promise<void> {
    return new Promise((resolve, reject) => {
      roomWaiters.push({ resolve, reject, untilMs: performance.now() + limits.roomTimeoutMs })
    })
  }

  async function enqueue(messages: readonly AppendMessage[], isUrgent = false): Promise<Appended> {
    if (isClosed) throw new AppenderBusyError(`${stream}: the appender is closed`)
    const deadlineMs = performance.now() + limits.giveUpAfterMs
    watchDeadlines()
    if (!hasRoom() || roomWaiters.length > 0) await waitForRoom()
    return new Promise((resolve, reject) => {
      let bytes = 0
      for (const message of messages) bytes += message.body.length
      waitingMessages += messages.length
      waitingBytes += bytes
      const unit: Unit = {
        messages,
        isUrgent,
        bytes,
        deadlineMs,
        isUnclear: messages.length === 1 && messages[0]?.mayBeStored === true,
        isSettled: false,
        lastRefusal: null,
        resolve,
        reject,
      }
      queue.push(unit)
      countQueued(unit, 1)
      if (gathering !== null && (isUrgent || queuedMessages >= gathering.enough)) stopGathering()
      planPump()
    })
  }

  /** Everything that is handed in during one turn of the event loop travels together. */
  function planPump(): void {
    if (isPumpPlanned) return
    isPumpPlanned = true
    setImmediate(() => {
      isPumpPlanned = false
      pump()
    })
  }

  function pump(): void {
    while (nats.isUp() && roundsUnderWay < roundsMax() && queue.length > 0) {
      const units = takeRound()
      if (units.length === 0) continue
      roundsUnderWay++
      for (const unit of units) underWay.add(unit)
      void runRound(units).finally(() => {
        for (const unit of units) underWay.delete(unit)
        gather(units.reduce((sum, unit) => sum + unit.messages.length, 0))
      })
    }
  }

  function endRound(): void {
    roundsUnderWay--
    planPump()
    if (isIdle()) for (const resolve of drainWaiters.splice(0)) resolve()
  }

  /** After a batch the round keeps its place until as much has come again, or the pause is over. */
  function gather(messages: number): void {
    const isEnough = queuedMessages >= messages || queuedUrgent > 0
    const isWorthIt = messages > limits.singlesMax && !isEnough && gathering === null && !isClosed
    if (isWorthIt) gathering = { enough: messages, timer: setTimeout(stopGathering, limits.gatherMs) }
    else endRound()
  }

  function stopGathering(): void {
    if (gathering === null) return
    clearTimeout(gathering.timer)
    gathering = null
    endRound()
  }

  /**
   * Beside a round that is under way, a small one would cost more than waiting, unless somebody waits for what is in it; what is
   * tried again keeps nobody waiting.
   */
  function roundsMax(): number {
    const isWorthIt = queuedMessages >= limits.secondRoundMin || queuedUrgent > 0 || failuresInARow > 0
    return isWorthIt ? limits.roundsUnderWayMax : 1
  }

  function takeRound(): Unit[] {
    const units: Unit[] = []
    let count = 0
    let bytes = 0
    let taken = 0
    for (const unit of queue) {
      if (!unit.isSettled) {
        if (
          count > 0 &&
          (count + unit.messages.length > limits.batchMessagesMax || bytes + unit.bytes > limits.batchBytesMax)
        )
          break
        units.push(unit)
        count += unit.messages.length
        bytes += unit.bytes
      }
      countQueued(unit, -1)
      taken++
    }
    queue = queue.slice(taken)
    return units
  }

  /** One round: the units' messages go to the server, and every unit is settled or back in the queue afterwards. */
  async function runRound(units: Unit[]): Promise<void> {
    const startedMs = performance.now()
    const areSingles = units.length <= limits.singlesMax && units.every((unit) => unit.messages.length === 1)
    const unanswered = areSingles ? await sendApart(units) : await sendTogether(units)
    figures.round(performance.now() - startedMs)
    if (unanswered.length === 0) {
      failuresInARow = 0
      failingSinceMs = null
      return
    }
    failuresInARow++
    failingSinceMs ??= startedMs
    if (performance.now() - failingSinceMs >= limits.answerTimeoutMs) nats.turnElsewhere()
    const waitMs = Math.min(RETRY_WAIT_MAX_MS, RETRY_WAIT_MS * 2 ** Math.min(failuresInARow - 1, 10))
    logger.warn({ stream, count: unanswered.length, waitMs, err: unanswered[0]?.lastRefusal }, 'append is repeated')
    await delay(waitMs)
    const again = unanswered.filter((unit) => !unit.isSettled)
    for (const unit of again) countQueued(unit, 1)
    queue = [...again, ...queue]
  }

  /** @returns the units that have no answer yet and are to be tried again. */
  async function sendTogether(units: Unit[]): Promise<Unit[]> {
    const messages = units.flatMap((unit) => unit.messages)
    figures.batch(messages.length)
    const answer = messages.length === 1 ? await publishOne(messages[0]!) : await publishBatch(messages)
    switch (answer.type) {
      case 'stored': {
        if (messages.length === 1) return (await settleSingle(units[0]!, answer)) ? [] : units
        let seq = answer.seq - messages.length
        own.put(messages, seq + 1)
        for (const unit of units) {
          seq += unit.messages.length
          settle(unit, { seq, isDuplicate: false })
        }
        return []
      }
      case 'refused':
        if (units.length > 1) return isRefusedForAll(units, answer) ? refuseFull(units, answer) : sendApart(units)
        return (await settleRefused(units[0]!, answer)) ? [] : units
      case 'unclear':
        for (const unit of units) unit.isUnclear = true
        return units
    }
  }

  /** What was sent before may be stored already: for each of these it has to be found out. */
  const isRefusedForAll = (units: readonly Unit[], { code }: Refusal) =>
    isStoreFull(code) && !units.some(({ isUnclear }) => isUnclear)

  /** Room may come in hours: who would give up in the end is told at once. @returns the units that wait for it. */
  function refuseFull(units: Unit[], refusal: Refusal): Unit[] {
    isRefusedAsFull = true
    for (const unit of units) {
      unit.lastRefusal = refusalError(refusal)
      if (unit.deadlineMs !== Number.POSITIVE_INFINITY && !unit.isUnclear) fail(unit, unit.lastRefusal)
    }
    return units.filter(({ isSettled }) => !isSettled)
  }

  /** Each unit gets its own answer; many are halved first, so that one bad message doesn't cost a request for each. */
  async function sendApart(units: Unit[]): Promise<Unit[]> {
    const half = Math.ceil(units.length / 2)
    const parts =
      units.length > limits.singlesMax ? [units.slice(0, half), units.slice(half)] : units.map((unit) => [unit])
    return (await Promise.all(parts.map(sendTogether))).flat()
  }

  /** The server's answer to one plain message: new, or a duplicate of ours or of somebody else's. */
  async function settleSingle(unit: Unit, answer: { seq: number; isDuplicate: boolean }): Promise<boolean> {
    if (!answer.isDuplicate || !unit.isUnclear) {
      if (!answer.isDuplicate) own.put(unit.messages, answer.seq)
      settle(unit, { seq: answer.seq, isDuplicate: answer.isDuplicate })
      return true
    }
    const isOurs = await holdsOurs(unit.messages[0]!, { seq: answer.seq })
    if (isOurs === null) return false
    settle(unit, { seq: answer.seq, isDuplicate: !isOurs.matches })
    return true
  }

  const refusalError = ({ code, description }: Refusal) =>
    new AppendRefusedError(code, `${stream} refused a message: ${description} (${code})`)

  async function settleRefused(unit: Unit, refusal: Refusal): Promise<boolean> {
    if (WRONG_LAST_SEQUENCE.has(refusal.code)) return settleConflict(unit, refusal.description)
    if (refusal.code === DUPLICATE_IN_BATCH && unit.messages.length > 1) {
      fail(unit, new AppendDuplicateError(`${stream}: ${refusal.description}`))
      return true
    }
    if (isStoreFull(refusal.code)) return refuseFull([unit], refusal).length === 0
    unit.lastRefusal = refusalError(refusal)
    if (refusal.code !== MESSAGE_TOO_LARGE && refusal.code !== DUPLICATE_IN_BATCH) return false
    fail(unit, unit.lastRefusal)
    return true
  }

  /** "Wrong last sequence" after an unclear first try may be our own first try: the subject's last message tells. */
  async function settleConflict(unit: Unit, description: string): Promise<boolean> {
    const conditional = unit.messages.findLast((message) => message.expectLastSubjectSeq !== undefined)
    if (unit.isUnclear && conditional) {
      const last = await holdsOurs(conditional, { last_by_subj: conditional.subject })
      if (last === null) return false
      if (last.matches) {
        settle(unit, { seq: last.seq, isDuplicate: false })
        return true
      }
    }
    fail(unit, new AppendConflictError(`${stream}: ${description}`))
    return true
  }

  /** @returns whether the stream's message is the very one that we sent; null when that can't be found out now. */
  async function holdsOurs(
    message: AppendMessage,
    where: { seq: number } | { last_by_subj: string },
  ): Promise<{ matches: boolean; seq: number } | null> {
    try {
      const stored = await jsm.streams.getMessage(stream, where)
      if (stored === null) return { matches: false, seq: 0 }
      return { matches: Buffer.from(stored.data).equals(Buffer.from(message.body)), seq: stored.seq }
    } catch (error) {
      logger.warn({ stream, err: error }, 'an unclear append could not be read back yet')
      return null
    }
  }

  async function publishOne(message: AppendMessage): Promise<PublishAnswer> {
    const headers = messageHeaders(message, null)
    return request(message, headers)
  }

  async function publishBatch(messages: readonly AppendMessage[]): Promise<PublishAnswer> {
    const batchId = newBatchId()
    try {
      const last = messages.length - 1
      for (let i = 0; i < last; i++) {
        const message = messages[i]!
        const headers = messageHeaders(message, { id: batchId, sequence: i + 1, isLast: false })
        connection.publish(message.subject, message.body, headers ? { headers } : {})
      }
      const headers = messageHeaders(messages[last]!, { id: batchId, sequence: last + 1, isLast: true })
      const answer = await request(messages[last]!, headers)
      if (answer.type === 'stored' && answer.count !== messages.length) {
        throw new Error(`${stream}: a batch of ${messages.length} was answered as one of ${answer.count}`)
      }
      return answer
    } catch (error) {
      logger.warn({ stream, err: error }, 'batch could not be sent')
      return { type: 'unclear' }
    }
  }

  async function request(message: AppendMessage, headers: ReturnType<typeof messageHeaders>): Promise<PublishAnswer> {
    try {
      const answered = connection.request(message.subject, message.body, {
        timeout: limits.answerTimeoutMs,
        ...(headers ? { headers } : {}),
      })
      return parsePublishAnswer((await nats.unlessLost(answered)).string())
    } catch (error) {
      logger.debug({ stream, err: error }, 'no answer to an append')
      return { type: 'unclear' }
    }
  }

  function settle(unit: Unit, result: Appended): void {
    if (result.seq > lastSeq) lastSeq = result.seq
    isRefusedAsFull = false
    if (!leave(unit)) return
    unit.resolve(result)
  }

  function fail(unit: Unit, error: Error): void {
    if (leave(unit)) unit.reject(error)
  }

  /** @returns false when the unit had left before. */
  function leave(unit: Unit): boolean {
    if (unit.isSettled) return false
    unit.isSettled = true
    waitingMessages -= unit.messages.length
    waitingBytes -= unit.bytes
    while (roomWaiters.length > 0 && hasRoom()) roomWaiters.shift()!.resolve()
    return true
  }

  function rejectOverdue(): void {
    const nowMs = performance.now()
    while (roomWaiters.length > 0 && roomWaiters[0]!.untilMs <= nowMs) {
      roomWaiters.shift()!.reject(new AppenderBusyError(`${stream}: too much is waiting to be appended`))
    }
    if (limits.giveUpAfterMs === Number.POSITIVE_INFINITY) return
    for (const unit of [...underWay, ...queue]) {
      if (unit.deadlineMs > nowMs) continue
      const wasNeverSent = !underWay.has(unit) && !unit.isUnclear
      if (unit.lastRefusal && !unit.isUnclear) fail(unit, unit.lastRefusal)
      else if (wasNeverSent) fail(unit, new AppenderBusyError(`${stream}: no room in time`))
      else fail(unit, new AppendUnknownError(`${stream}: no answer in time`))
    }
  }

  const isIdle = () => roundsUnderWay === 0 && queue.length === 0 && roomWaiters.length === 0

  /** A repetition of an id that is waiting, under way or lately stored doesn't go to the server again. */
  async function appendWithId(message: AppendMessage, msgId: string): Promise<Appended> {
    const known = recentIds.get(msgId)
    if (known !== undefined) return { seq: known, isDuplicate: true }
    const pending = pendingById.get(msgId)
    if (pending) {
      const first = await pending.catch(() => null)
      if (first !== null) return { seq: first.seq, isDuplicate: true }
      return appendWithId(message, msgId)
    }
    const appended = enqueue([message])
    pendingById.set(msgId, appended)
    try {
      const result = await appended
      recentIds.set(msgId, result.seq)
      return result
    } finally {
      pendingById.delete(msgId)
    }
  }

  async function appendTogether(messages: readonly AppendMessage[], isUrgent: boolean): Promise<Appended> {
    const result = await enqueue(messages, isUrgent)
    const firstSeq = result.seq - messages.length + 1
    for (const [i, { msgId }] of messages.entries()) if (msgId !== undefined) recentIds.set(msgId, firstSeq + i)
    return result
  }

  return {
    append: (message) => (message.msgId === undefined ? enqueue([message]) : appendWithId(message, message.msgId)),
    appendGroup(messages, { isUrgent = false } = {}) {
      if (messages.length === 0 || messages.length > limits.batchMessagesMax) {
        throw new RangeError(`A group has 1 to ${limits.batchMessagesMax} messages, not ${messages.length}`)
      }
      return appendTogether(messages, isUrgent)
    },
    get lastSeq() {
      return lastSeq
    },
    get isRefusedAsFull() {
      return isRefusedAsFull
    },
    drain: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => drainWaiters.push(resolve))),
    close() {
      isClosed = true
      stopGathering()
      if (deadlineTimer !== null) clearTimeout(deadlineTimer)
      forgetReconnects()
      for (const unit of [...underWay, ...queue])
        fail(unit, new AppendUnknownError(`${stream}: the appender was closed`))
      for (const waiter of roomWaiters.splice(0))
        waiter.reject(new AppenderBusyError(`${stream}: the appender was closed`))
      queue = []
      for (const resolve of drainWaiters.splice(0)) resolve()
    },
  }
}

let batchCounter = 0
const batchPrefix = `${process.pid.toString(36)}${Math.floor(performance.timeOrigin).toString(36)}${Math.random().toString(36).slice(2, 8)}`

/** Unlike any other of any process; the server takes 64 characters. */
function newBatchId(): string {
  return `${batchPrefix}-${++batchCounter}`
}

const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

function createAppendFigures(metrics: Metrics, stream: StreamName) {
  const labels = { stream }
  const batches = metrics.distribution(
    { name: 'jethook_append_batch_messages', help: 'Messages that were sent as one atomic batch', labels: ['stream'] },
    BATCH_BUCKETS,
  )
  const rounds = metrics.distribution(
    {
      name: 'jethook_append_seconds',
      help: 'From sending what is appended together to the answer that it is on disk',
      labels: ['stream'],
    },
    SECONDS_BUCKETS,
  )
  return {
    batch: (messages: number) => batches.observe(labels, messages),
    round: (elapsedMs: number) => rounds.observe(labels, elapsedMs / 1_000),
  }
}
