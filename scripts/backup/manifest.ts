import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { LaneCheckpoint } from '#shared/facts/control.ts'
import { STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import { SnapshotError, type StreamSnapshot } from './snapshot.ts'

/** What a backup's folder holds; written last, so that a folder without it is no backup. */
export interface Manifest {
  v: 1
  jethook: string
  takenAt: string
  streams: Partial<Record<StreamName, StreamSnapshot>>
  /** How far the lanes had come before the first snapshot: what came after them is handed out again. */
  lanes: LaneCheckpoint[]
  /** The keys that seal secrets are in it; without, JETHOOK_SECRET_KEY holds them. */
  hasKeys: boolean
  /** Of their file, in hex; absent in backups of before. */
  keysSha256?: string
}

export const MANIFEST_FILE = 'manifest.json'
export const KEYS_FILE = 'secret.key'

/**
 * The order of the snapshots: a fact refers to what was written before it, so LEDGER goes first and what it refers to (events,
 * CONTROL's states, waiting retries) is in a later snapshot for certain.
 */
export const SNAPSHOT_ORDER: readonly StreamName[] = [
  STREAM_NAMES.ledger,
  STREAM_NAMES.waiting,
  STREAM_NAMES.events,
  STREAM_NAMES.control,
  STREAM_NAMES.audit,
  STREAM_NAMES.inbox,
]

const snapshotName = (stream: StreamName): string => `${stream}.snapshot`
export const snapshotFile = (folder: string, stream: StreamName): string => join(folder, snapshotName(stream))

/** The names of all that a backup holds beside its manifest. */
export function filesOf({ streams, hasKeys }: Manifest): string[] {
  const names = SNAPSHOT_ORDER.filter((stream) => streams[stream] !== undefined).map(snapshotName)
  return hasKeys ? [...names, KEYS_FILE] : names
}

/** What a backup says of itself. @throws {SnapshotError} when it is none, or one of a later version. */
export async function readDescription(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch(() => {
    throw new SnapshotError(`${folder} holds no backup: there is no ${MANIFEST_FILE} in it.`)
  })
  const manifest = JSON.parse(text) as Manifest
  if (manifest.v !== 1)
    throw new SnapshotError(`${folder} is a backup of version ${manifest.v}, which isn't known here.`)
  return manifest
}

/** Reads a backup and checks every byte of it. @throws {SnapshotError} when it is none, or not as it was written. */
export async function readManifest(folder: string): Promise<Manifest> {
  const manifest = await readDescription(folder)
  for (const [stream, { sha256 }] of Object.entries(manifest.streams)) {
    await refuseDamaged(snapshotFile(folder, stream as StreamName), sha256)
  }
  if (manifest.keysSha256 !== undefined) await refuseDamaged(join(folder, KEYS_FILE), manifest.keysSha256)
  return manifest
}

async function refuseDamaged(file: string, sha256: string): Promise<void> {
  const actual = await digestOf(file)
  if (actual !== sha256) throw new SnapshotError(`${file} is damaged: its SHA-256 is ${actual}, not ${sha256}.`)
}

/** SHA-256 in hex. */
export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
