import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Registry } from '#shared/domain/registry.ts'
import type { Settings } from '#shared/runtime/config.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { secretKeyFile } from '#shared/runtime/secret-key.ts'
import type { StreamName } from '#shared/runtime/streams.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import {
  digestOf,
  KEYS_FILE,
  MANIFEST_FILE,
  type Manifest,
  readManifest,
  SNAPSHOT_ORDER,
  snapshotFile,
} from './manifest.ts'
import { SnapshotError, type StreamSnapshot, takeSnapshot } from './snapshot.ts'

const DELIVERY_SUBJECTS = 'ledger.delivery.'
const TRIES_MAX = 50

export interface BackupOptions {
  nats: Nats
  /** As CONTROL says right now. */
  registry: Registry
  settings: Settings
  folder: string
  onProgress?: (line: string) => void
}

/**
 * Copies all streams and the keys of a running jethook into a new folder, and checks what was written. The folder gets its
 * name when it is whole: what a broken backup leaves is never taken for one.
 * @throws {SnapshotError} when the folder is there already, or a stream can't be had.
 */
export async function backup({
  nats,
  registry,
  settings,
  folder,
  onProgress = () => {},
}: BackupOptions): Promise<Manifest> {
  const target = resolve(folder)
  if (await holdsAnything(target))
    throw new SnapshotError(`${target} is not empty: name a folder that is not there yet.`)
  const draft = `${target}.unfinished-${process.pid}`
  await mkdir(dirname(target), { recursive: true })
  await mkdir(draft, { mode: 0o700 })
  try {
    const manifest: Manifest = {
      v: 1,
      jethook: JETHOOK_VERSION,
      takenAt: new Date().toISOString(),
      streams: {},
      lanes: [...registry.lanes.values()],
      hasKeys: settings.JETHOOK_SECRET_KEY === '',
    }
    for (const stream of SNAPSHOT_ORDER) {
      const snapshot = await takeWholeSnapshot(nats, stream, snapshotFile(draft, stream))
      manifest.streams[stream] = snapshot
      onProgress(describe(stream, snapshot))
    }
    if (manifest.hasKeys) {
      await copyFile(secretKeyFile(settings), join(draft, KEYS_FILE))
      manifest.keysSha256 = await digestOf(join(draft, KEYS_FILE))
    }
    await writeFile(join(draft, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true })
    await readManifest(draft)
    await rm(target, { recursive: true, force: true })
    await rename(draft, target)
    return manifest
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

/**
 * A snapshot may end in the middle of an atomic batch. In LEDGER such a batch ends with the fact that its deliveries belong to:
 * without it they would be made once more after a restore.
 */
async function takeWholeSnapshot(nats: Nats, stream: StreamName, file: string): Promise<StreamSnapshot> {
  for (let tries = 1; ; tries++) {
    const snapshot = await takeSnapshot(nats, stream, file)
    const { last_seq } = snapshot.state
    const last = last_seq === 0 ? null : await nats.jsm.streams.getMessage(stream, { seq: last_seq })
    if (!last?.subject.startsWith(DELIVERY_SUBJECTS)) return snapshot
    if (tries === TRIES_MAX)
      throw new SnapshotError(`${stream} was in the middle of a batch at each of ${tries} tries.`)
    await rm(file)
  }
}

async function holdsAnything(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0
}

/** A line for people. */
export function describe(stream: StreamName, { state, bytes }: NonNullable<Manifest['streams'][StreamName]>): string {
  return `${stream.padEnd(8)} ${state.messages} messages, up to ${state.last_seq}, ${(bytes / 1024).toFixed(0)} KiB`
}
