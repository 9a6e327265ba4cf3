import { chmod, copyFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { JetStreamApiError } from '@nats-io/jetstream'
import { controlSubject } from '#shared/facts/control.ts'
import type { Settings } from '#shared/runtime/config.ts'
import type { Nats } from '#shared/runtime/nats.ts'
import { secretKeyFile } from '#shared/runtime/secret-key.ts'
import { STREAM_NAMES, type StreamName } from '#shared/runtime/streams.ts'
import { describe } from './backup.ts'
import { KEYS_FILE, type Manifest, readManifest, SNAPSHOT_ORDER, snapshotFile } from './manifest.ts'
import { restoreSnapshot, SnapshotError } from './snapshot.ts'

export interface RestoreOptions {
  nats: Nats
  settings: Settings
  folder: string
  onProgress?: (line: string) => void
}

/**
 * Puts a backup into an empty NATS server and its keys into the home. Nothing of jethook may run there meanwhile; Postgres
 * must be empty: it is folded anew from the streams.
 * @throws {SnapshotError} before anything is changed, when the backup is damaged or something is there already.
 */
export async function restore({ nats, settings, folder, onProgress = () => {} }: RestoreOptions): Promise<Manifest> {
  const manifest = await readManifest(folder)
  await refuseExisting(nats)
  await restoreKeys(settings, folder, manifest)
  for (const stream of SNAPSHOT_ORDER) {
    const snapshot = manifest.streams[stream]
    if (snapshot === undefined) continue
    const state = await restoreSnapshot(nats, stream, snapshot, snapshotFile(folder, stream))
    if (state.last_seq !== snapshot.state.last_seq)
      throw new SnapshotError(
        `${stream} ends at ${state.last_seq} after the restore, not at ${snapshot.state.last_seq}.`,
      )
    onProgress(describe(stream, snapshot))
  }
  await restoreLanes(nats, manifest)
  return manifest
}

async function refuseExisting(nats: Nats): Promise<void> {
  for (const stream of Object.values(STREAM_NAMES)) {
    if (!(await isThere(nats, stream))) continue
    throw new SnapshotError(
      `This NATS server has a stream ${stream} already: restore into an empty one (another NATS_URL, or another JETHOOK_HOME).`,
    )
  }
}

async function isThere(nats: Nats, stream: StreamName): Promise<boolean> {
  try {
    await nats.jsm.streams.info(stream)
    return true
  } catch (error) {
    if (error instanceof JetStreamApiError) return false
    throw error
  }
}

async function restoreKeys(settings: Settings, folder: string, { hasKeys }: Manifest): Promise<void> {
  if (!hasKeys || settings.JETHOOK_SECRET_KEY !== '') {
    if (settings.JETHOOK_SECRET_KEY === '')
      throw new SnapshotError('This backup has no keys in it: give JETHOOK_SECRET_KEY as it was.')
    return
  }
  const file = secretKeyFile(settings)
  const saved = join(folder, KEYS_FILE)
  const existing = await readFile(file, 'utf8').catch(() => null)
  if (existing !== null && existing !== (await readFile(saved, 'utf8')))
    throw new SnapshotError(`${file} holds other keys: restore into another JETHOOK_HOME.`)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await copyFile(saved, file)
  await chmod(file, 0o600)
}

/**
 * CONTROL's snapshot is younger than LEDGER's: a lane's checkpoint in it may lie behind the end of the restored LEDGER, and
 * what comes there next would be taken for done.
 */
async function restoreLanes({ js }: Nats, { lanes }: Manifest): Promise<void> {
  for (const lane of lanes) await js.publish(controlSubject(lane), JSON.stringify(lane))
}
