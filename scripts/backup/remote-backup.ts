import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackupOptions, backup } from './backup.ts'
import { digestOf, filesOf, MANIFEST_FILE, type Manifest, readDescription } from './manifest.ts'
import type { ObjectStore } from './object-store.ts'
import { type RestoreOptions, restore } from './restore.ts'
import { SnapshotError } from './snapshot.ts'

/**
 * A backup at an S3-like service: made in a folder of the home first, so that many GiB pass in parts, then put there and read
 * again. The manifest comes last: what a broken backup leaves is never taken for one.
 * @throws {SnapshotError} when there is one already, or something arrived otherwise than it was sent.
 */
export async function backupToStore({
  store,
  ...options
}: Omit<BackupOptions, 'folder'> & { store: ObjectStore }): Promise<Manifest> {
  if (await store.has(MANIFEST_FILE))
    throw new SnapshotError(`${store.name} holds a backup already: name another prefix.`)
  return inScratch(options.settings.JETHOOK_HOME, async (scratch) => {
    const folder = join(scratch, 'backup')
    const manifest = await backup({ ...options, folder })
    for (const name of [...filesOf(manifest), MANIFEST_FILE]) {
      await store.put(name, join(folder, name))
      const [here, there] = [await digestOf(join(folder, name)), await store.digestOf(name)]
      if (here !== there) throw new SnapshotError(`${name} at ${store.name} has the SHA-256 ${there}, not ${here}.`)
    }
    return manifest
  })
}

/** As `restore`, from an S3-like service: everything is fetched and checked before anything is changed. */
export async function restoreFromStore({
  store,
  ...options
}: Omit<RestoreOptions, 'folder'> & { store: ObjectStore }): Promise<Manifest> {
  if (!(await store.has(MANIFEST_FILE)))
    throw new SnapshotError(`${store.name} holds no backup: there is no ${MANIFEST_FILE} in it.`)
  return inScratch(options.settings.JETHOOK_HOME, async (scratch) => {
    await store.get(MANIFEST_FILE, join(scratch, MANIFEST_FILE))
    const manifest = await readDescription(scratch)
    for (const name of filesOf(manifest)) await store.get(name, join(scratch, name))
    return restore({ ...options, folder: scratch })
  })
}

/** A folder of one's own, readable by its owner alone, that is gone afterwards. */
async function inScratch<T>(home: string, act: (scratch: string) => Promise<T>): Promise<T> {
  await mkdir(home, { recursive: true, mode: 0o700 })
  const scratch = await mkdtemp(join(home, 'backup-'))
  try {
    return await act(scratch)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}
