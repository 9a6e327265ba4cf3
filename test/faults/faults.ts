import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ACK_WAIT_MS } from '#services/deliverer/lane-consumer.ts'
import type { ProblemDocument } from '#shared/contract/problems.ts'
import { connectNats, type Nats } from '#shared/runtime/nats.ts'
import { testLogger } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { dieAtFailpoints } from './failpoint-fault.ts'
import { FAILPOINTS } from './failpoints.ts'
import type { FaultBench } from './fault-bench.ts'
import { subscribe } from './jethook-bench.ts'
import type { Fault } from './run-fault.ts'
import { stressSchedules } from './schedule-stress.ts'

const run = promisify(execFile)

/** Files of a store that the server can make anew: consumers' positions, indexes, tables of schedules. */
async function removeDerivedFiles(streamsFolder: string): Promise<void> {
  const entries = await readdir(streamsFolder, { recursive: true, withFileTypes: true })
  for (const { parentPath, name } of entries)
    if (name === 'o.dat' || name === 'index.db' || name.includes('sched') || name === 'thw.db')
      await rm(join(parentPath, name), { force: true })
}

async function pause(pid: number | undefined, ms: number): Promise<void> {
  if (pid === undefined) throw new Error('there is no such process')
  process.kill(pid, 'SIGSTOP')
  await delay(ms)
  process.kill(pid, 'SIGCONT')
}

async function repeat(times: number, act: () => Promise<void> | void): Promise<void> {
  for (let i = 0; i < times; i++) {
    await act()
    await delay(300)
  }
}

const ROOM_LEFT_BYTES = 2 * 1024 * 1024

/** Restarts nats-server with room for a few more messages, sees that events are refused clearly, and gives it room again. */
async function fillStore(bench: FaultBench): Promise<void> {
  const { storage } = await withNats(bench, (nats) => nats.jsm.getAccountInfo())
  await bench.restartNats(undefined, { fileStoreMax: String(storage + ROOM_LEFT_BYTES) })
  await until(
    'an event is refused, and it is said why',
    async () => {
      const { status, body } = await bench.api.call<ProblemDocument>('POST', '/event', bench.api.eventPost())
      assert.ok(status === 201 || status === 503, `an event was answered with ${status}`)
      return status === 503 && /store is full/.test(body.detail)
    },
    FULL_LIMIT_MS,
  )
  await delay(1_000)
  await bench.restartNats()
}

const FULL_LIMIT_MS = 60_000

async function withNats<T>({ servers }: FaultBench, use: (nats: Nats) => Promise<T>): Promise<T> {
  const nats = await connectNats(servers.natsUrl, 'test', testLogger)
  try {
    return await use(nats)
  } finally {
    await nats.connection.close()
  }
}

const HOUR_MS = 3_600_000
const CLOCK_JUMP = fileURLToPath(new URL('clock-jump.ts', import.meta.url))

async function jumpClock(bench: FaultBench, jumpMs: number): Promise<void> {
  await bench.restartJethook({ environment: { CLOCK_JUMP_MS: String(jumpMs) }, execArgv: ['--import', CLOCK_JUMP] })
  await delay(1_000)
  bench.jethook.kill('SIGWINCH')
  await delay(3_000)
  bench.jethook.kill('SIGWINCH')
}

/** Half as long again as a message is left to an owner that is silent. */
const ZOMBIE_MS = 1.5 * ACK_WAIT_MS

const asSuperuser = (bench: FaultBench, sql: string) => bench.withDatabase((client) => client.query(sql))

/** What may happen to one machine; ids as in the literature of this project. */
export const FAULTS: readonly Fault<FaultBench>[] = [
  {
    id: 'F1',
    name: 'jethook is killed, twice',
    inject: (bench) => repeat(2, () => bench.restartJethook()),
  },
  {
    id: 'F1b',
    name: `jethook dies at ${FAILPOINTS.length} named points, one after the other`,
    inject: (bench) => dieAtFailpoints(bench),
  },
  {
    id: 'F2',
    name: 'jethook is paused for 3 s',
    inject: (bench) => pause(bench.jethook.pid, 3_000),
  },
  {
    id: 'F2b',
    name: `one of two jethooks is paused for ${ZOMBIE_MS / 1_000} s and wakes as a zombie`,
    async inject(bench) {
      await bench.startAnother()
      await delay(1_000)
      process.kill(bench.jethook.pid!, 'SIGSTOP')
      await bench.mayRepeatHeld()
      await delay(ZOMBIE_MS)
      process.kill(bench.jethook.pid!, 'SIGCONT')
      await delay(2_000)
    },
  },
  {
    id: 'F2c',
    name: 'the same, and some deliveries are made in order',
    async inject(bench) {
      const labels = { few: 'yes' }
      await subscribe(bench, { labels, ordering: { by: 'subscription', on_dead_letter: 'pass' } })
      await bench.startAnother()
      const postFew = () => Promise.all(Array.from({ length: 20 }, () => bench.poster.postOne({ labels })))
      await postFew()
      process.kill(bench.another!.pid!, 'SIGSTOP')
      await bench.mayRepeatHeld()
      // Of what is in order the one in front is parked: in no consumer's hands.
      bench.repeatedMax++
      await repeat(10, async () => {
        await postFew()
        await delay(ZOMBIE_MS / 10)
      })
      process.kill(bench.another!.pid!, 'SIGCONT')
      await postFew()
      await delay(2_000)
    },
  },
  {
    id: 'F22',
    name: 'two jethooks are killed in turn, four times',
    async inject(bench) {
      await bench.startAnother()
      await repeat(2, async () => {
        await bench.restartJethook()
        await delay(500)
        await bench.restartAnother()
      })
    },
  },
  {
    id: 'F3',
    name: 'nats-server is killed, three times',
    inject: (bench) => repeat(3, () => bench.restartNats()),
  },
  {
    id: 'F4',
    name: 'nats-server is paused for 3 s',
    inject: (bench) => pause(bench.servers.nats!.pid, 3_000),
  },
  {
    id: 'F5',
    name: 'nats-server is killed and loses consumers, indexes, schedules',
    inject: (bench) => bench.restartNats(removeDerivedFiles),
  },
  {
    id: 'F8',
    name: 'the disk takes no more writes of nats-server for 1 s',
    async inject(bench) {
      await run('prlimit', ['--pid', String(bench.servers.nats!.pid), '--fsize=4096:unlimited'])
      await delay(1_000)
      await run('prlimit', ['--pid', String(bench.servers.nats!.pid), '--fsize=unlimited:unlimited']).catch(() => {})
      // As an operator would: a store with write errors is opened anew.
      await bench.restartNats()
    },
  },
  {
    id: 'F8b',
    name: 'the streams may take no more of the disk, until the limit is raised',
    inject: fillStore,
  },
  {
    id: 'F10a',
    name: 'connections to NATS are cut, ten times',
    inject: (bench) => repeat(10, () => bench.proxy.cutAll()),
  },
  {
    id: 'F10b',
    name: "NATS's answers are lost for 2 s",
    async inject({ proxy }) {
      proxy.loseAnswers = true
      await delay(2_000)
      proxy.loseAnswers = false
      proxy.cutAll()
    },
  },
  {
    id: 'F10c',
    name: 'the way to NATS is half-open for 3 s',
    async inject({ proxy }) {
      proxy.isSilent = true
      await delay(3_000)
      proxy.isSilent = false
      proxy.cutAll()
    },
  },
  {
    id: 'F10d',
    name: 'the way to NATS takes 100 ms each way for 3 s',
    async inject({ proxy }) {
      proxy.delayMs = 100
      await delay(3_000)
      proxy.delayMs = 0
    },
  },
  {
    id: 'F11a',
    name: 'Postgres is killed, twice',
    inject: (bench) => repeat(2, () => bench.restartPostgres()),
  },
  {
    id: 'F11b',
    name: 'connections to Postgres are cut, twenty times',
    inject: (bench) =>
      bench.withDatabase(async (client) => {
        for (let i = 0; i < 20; i++) {
          await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()')
          await delay(100)
        }
      }),
  },
  {
    id: 'F11c',
    name: 'Postgres is read-only for 2 s',
    async inject(bench) {
      const set = async (value: string) => {
        await asSuperuser(bench, `ALTER SYSTEM SET default_transaction_read_only = ${value}`)
        await asSuperuser(bench, 'SELECT pg_reload_conf()')
      }
      await set('on')
      await delay(2_000)
      await bench.withDatabase(async (client) => {
        await client.query('SET default_transaction_read_only = off')
        await client.query('ALTER SYSTEM RESET default_transaction_read_only')
        await client.query('SELECT pg_reload_conf()')
      })
    },
  },
  {
    id: 'F11d',
    name: 'somebody holds a lock on the attempts for 3 s',
    inject: (bench) =>
      bench.withDatabase(async (client) => {
        await client.query('BEGIN')
        await client.query('LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE')
        await delay(3_000)
        await client.query('ROLLBACK')
      }),
  },
  {
    id: 'F12',
    name: 'receivers answer 503, reset and hang for 3 s',
    async inject(bench) {
      let count = 0
      bench.react = () => {
        count++
        if (count % 3 === 0) return 'reset'
        return count % 50 === 0 ? 'hang' : { status: 503, headers: { 'retry-after': '1' } }
      }
      await delay(3_000)
      bench.react = null
    },
  },
  {
    id: 'F14a',
    name: "jethook's clock goes an hour ahead for 3 s",
    clockSkewMs: HOUR_MS,
    async inject(bench) {
      // What fails now would be tried again in an hour.
      bench.react = () => ({ status: 200 })
      await jumpClock(bench, HOUR_MS)
      bench.react = null
    },
  },
  {
    id: 'F14b',
    name: "jethook's clock goes an hour back for 3 s",
    // An attempt that is taken up right at the jump is recorded as begun an hour ago: by the very clock that is wrong.
    unjudged: ['I7'],
    clockSkewMs: HOUR_MS,
    inject: (bench) => jumpClock(bench, -HOUR_MS),
  },
  {
    id: 'F21',
    name: '3,000 retries in one second: due, overdue at a start, cancelled',
    inject: stressSchedules,
  },
]

const FEW_FAILPOINTS = ['event-postponed-before-its-fact', 'fact-before-acknowledgement', 'commit-sent-not-answered']

/** The short form: one of each kind. */
export const SHORT: readonly Fault<FaultBench>[] = [
  {
    id: 'F1b',
    name: `jethook dies at ${FEW_FAILPOINTS.length} named points`,
    inject: (bench) => dieAtFailpoints(bench, FEW_FAILPOINTS),
  },
  ...FAULTS.filter(({ id }) => ['F5', 'F10b', 'F11b'].includes(id)),
]
