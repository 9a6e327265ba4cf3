import { access, constants, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bad, type Finding, ok, warn } from './finding.ts'

const OTHERS = 0o077
/** What must be its owner's alone. */
const SECRET_PLACES = ['', 'credentials.json', 'keys', 'nats/password', 'nats/nats.conf', 'postgres/password']

/** Permissions of the folder that keeps all state. */
export async function examineHome(path: string): Promise<Finding[]> {
  const home = resolve(path)
  const folder = await stat(home).catch(() => null)
  if (folder === null) return [ok('home', `${home} is not there yet; the first start makes it.`)]
  if (!folder.isDirectory()) return [bad('home', `${home} is no folder.`, 'Give another one in JETHOOK_HOME.')]
  const isWritable = await access(home, constants.R_OK | constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  )
  if (!isWritable)
    return [
      bad(
        'home',
        `${home} can't be read and written by this user.`,
        `Run as its owner (uid ${folder.uid}), or give another JETHOOK_HOME.`,
      ),
    ]
  const open: string[] = []
  for (const place of SECRET_PLACES) {
    const found = await stat(join(home, place)).catch(() => null)
    if (found && (found.mode & OTHERS) !== 0) open.push(join(home, place))
  }
  if (open.length > 0)
    return [warn('home', `Others than the owner may get at ${open.join(', ')}.`, `chmod -R go-rwx ${home}`)]
  return [ok('home', `${home} is its owner's alone.`)]
}
