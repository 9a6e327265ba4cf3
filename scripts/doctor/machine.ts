import { statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { NATS_SERVER_VERSION_MIN } from '#shared/runtime/nats.ts'
import { JETHOOK_VERSION } from '#shared/runtime/version.ts'
import { bad, type Finding, ok, warn } from './finding.ts'

const NODE_MAJOR = 24
const GIB = 1024 ** 3
const DISK_BAD_BYTES = 0.25 * GIB
const DISK_WARN_BYTES = 2 * GIB
const DISK_WARN_SHARE = 0.05
const MEMORY_WARN_BYTES = 0.9 * GIB

/** @param home Where state is kept; null: not known. */
export async function examineMachine(home: string | null): Promise<Finding[]> {
  return [
    ok('jethook', `Version ${JETHOOK_VERSION}; needs nats-server ${NATS_SERVER_VERSION_MIN} or later.`),
    examineNode(process.versions.node),
    examineMemory(totalmem()),
    ...(home === null ? [] : [await examineDisk(home)]),
  ]
}

export function examineNode(version: string): Finding {
  return Number(version.split('.')[0]) >= NODE_MAJOR
    ? ok('node', `Version ${version} on ${process.platform}-${process.arch}.`)
    : bad('node', `Version ${version}.`, `Use Node ${NODE_MAJOR}; npx jethook and npm start bring it by themselves.`)
}

function examineMemory(bytes: number): Finding {
  const says = `${(bytes / GIB).toFixed(1)} GiB.`
  return bytes < MEMORY_WARN_BYTES
    ? warn('memory', says, 'All services with their servers need about 1 GiB.')
    : ok('memory', says)
}

async function examineDisk(home: string): Promise<Finding> {
  const folder = resolve(home)
  const disk = await statfs(folder).catch(() => statfs('.'))
  return judgeDisk({ folder, freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize })
}

export function judgeDisk({
  folder,
  freeBytes,
  totalBytes,
}: {
  folder: string
  freeBytes: number
  totalBytes: number
}): Finding {
  const says = `${(freeBytes / GIB).toFixed(1)} GiB free of ${(totalBytes / GIB).toFixed(1)} GiB at ${folder}.`
  const remedy =
    'Make room, or let streams keep less (EVENTS_MAX_AGE_DAYS, LEDGER_MAX_AGE_DAYS): nothing is accepted when the disk is full.'
  if (freeBytes < DISK_BAD_BYTES) return bad('disk', says, remedy)
  return freeBytes < DISK_WARN_BYTES || freeBytes < totalBytes * DISK_WARN_SHARE
    ? warn('disk', says, remedy)
    : ok('disk', says)
}
