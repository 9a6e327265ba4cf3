import { mkdir, readdir } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { benchBare } from './bare.ts'
import { benchFanout } from './fanout.ts'
import { writeFlameGraph } from './flame-graph.ts'
import { goalsOf } from './goals.ts'
import { benchGrowth } from './growth.ts'
import { benchBatch, benchIngest } from './ingest.ts'
import { benchIsolation } from './isolation.ts'
import { benchLatency } from './latency.ts'
import { benchNats } from './nats.ts'
import { type BenchOptions, BenchUsageError, type PeerOptions, readOptions } from './options.ts'
import { benchOverload } from './overload.ts'
import { benchPayload } from './payload.ts'
import { benchProjection } from './projection.ts'
import { benchRead } from './read.ts'
import { mediansOf, type Results } from './results.ts'
import { benchRetries } from './retries.ts'
import { type Bench, type Drive, openPeerDrive, openStage, type Stage, tell } from './stage.ts'
import { benchStart } from './start.ts'
import { printTable } from './table.ts'
import { PEERS } from './targets/peers.ts'
import { benchThroughput } from './throughput.ts'

interface Scenario {
  run(bench: Bench): Promise<Results>
  /** Scenarios of the same run that it is measured by. */
  after?: string[]
}

/** In the order in which they run; what changes the machine's state for long comes last. */
const SCENARIOS: Record<string, Scenario> = {
  start: { run: benchStart },
  bare: { run: benchBare },
  throughput: { run: benchThroughput, after: ['bare'] },
  ingest: { run: benchIngest },
  batch: { run: benchBatch, after: ['ingest'] },
  nats: { run: benchNats },
  payload: { run: benchPayload },
  fanout: { run: benchFanout },
  latency: { run: benchLatency, after: ['throughput'] },
  isolation: { run: benchIsolation },
  retries: { run: benchRetries },
  projection: { run: benchProjection },
  read: { run: benchRead },
  overload: { run: benchOverload },
  growth: { run: benchGrowth },
}

const PEER_SCENARIOS: Record<string, (drive: Drive) => Promise<Results>> = {
  throughput: benchThroughput,
  latency: benchLatency,
  fanout: benchFanout,
}

/** The asked ones, with those that they are measured by, each once. */
function inOrder(names: readonly string[]): string[] {
  const wanted = new Set(names.flatMap((name) => [name, ...referencesOf(name)]))
  return Object.keys(SCENARIOS).filter((name) => wanted.has(name))
}

function referencesOf(name: string): string[] {
  return (SCENARIOS[name]?.after ?? []).flatMap((reference) => [reference, ...referencesOf(reference)])
}

async function runOnce(options: BenchOptions): Promise<Results> {
  const results: Results = {}
  const names = inOrder(options.names)
  if (names.length === 1 && names[0] === 'start') return benchStart({ options })
  const stage = await openStage(options, results)
  const forget = closeOnSignal(stage)
  try {
    for (const name of names) {
      tell(`${name} …`)
      const beganMs = performance.now()
      try {
        Object.assign(results, await SCENARIOS[name]!.run(stage.bench))
        await stage.bench.settled()
      } catch (error) {
        // What the others measure is worth having all the same.
        process.stderr.write(`jethook: ${name} failed: ${(error as Error).stack ?? String(error)}\n`)
        process.exitCode = 1
      }
      tell(`${name}: ${((performance.now() - beganMs) / 1_000).toFixed(1)} s`)
    }
  } finally {
    forget()
    await stage.close()
  }
  return results
}

/** Whoever breaks it off leaves no servers behind. @returns a function that ends this. */
function closeOnSignal(stage: Stage): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  const close = () => void stage.close().finally(() => process.exit(1))
  for (const signal of signals) process.once(signal, close)
  return () => {
    for (const signal of signals) process.off(signal, close)
  }
}

async function runPeerOnce(options: BenchOptions, { name, ...peer }: PeerOptions): Promise<Results> {
  const results: Results = {}
  const drive = openPeerDrive(PEERS[name]!(peer), options, results)
  for (const scenario of options.names) {
    tell(`${name}: ${scenario} …`)
    Object.assign(results, await PEER_SCENARIOS[scenario]!(drive))
  }
  return results
}

async function drawFlameGraphs(folder: string): Promise<void> {
  const profiles = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'))
  for (const name of profiles) tell(`flame graph: ${await writeFlameGraph(join(folder, name))}`)
}

async function main(): Promise<void> {
  const usual = Object.keys(SCENARIOS)
  const options = readOptions(process.argv.slice(2), {
    known: usual,
    usual,
    peers: Object.keys(PEERS),
    ofPeers: Object.keys(PEER_SCENARIOS),
  })
  if (options.profileFolder) await mkdir(options.profileFolder, { recursive: true })
  const runs: Results[] = []
  for (let run = 1; run <= options.runs; run++) {
    if (options.runs > 1) tell(`run ${run} of ${options.runs}`)
    runs.push(options.peer === null ? await runOnce(options) : await runPeerOnce(options, options.peer))
  }
  if (options.profileFolder) await drawFlameGraphs(options.profileFolder)
  const results = mediansOf(runs)
  const goals = options.peer === null ? goalsOf(runs) : []
  if (options.isJson) {
    const machine = {
      cpus: availableParallelism(),
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
    }
    process.stdout.write(
      `${JSON.stringify({ ...results, goals, machine, runs: runs.length, quick: options.isQuick })}\n`,
    )
  } else printTable(results, goals, runs.length)
}

main().catch((error: unknown) => {
  const isUsage = error instanceof BenchUsageError
  process.stderr.write(`jethook: ${isUsage ? error.message : ((error as Error).stack ?? String(error))}\n`)
  process.exitCode = 1
})
