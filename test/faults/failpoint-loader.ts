import { registerHooks } from 'node:module'
import { FAILPOINTS, insertFailpoint } from './failpoints.ts'

/**
 * `node --import` this, with `FAILPOINT=name:N`: the process ends itself with SIGKILL when it passes the failpoint for the
 * N-th time. The product's files stay as they are, the call is put into the text that is loaded.
 */
const [name, times] = (process.env['FAILPOINT'] ?? '').split(':')
const failpoint = FAILPOINTS.find((each) => each.name === name)
if (!failpoint || !(Number(times) > 0)) throw new Error(`FAILPOINT must be the name of a failpoint and a number`)
const url = new URL(`../../${failpoint.file}`, import.meta.url).href
let left = Number(times)

Object.assign(globalThis, {
  passFailpoint(first: () => void): void {
    if (--left > 0) return
    first()
    process.kill(process.pid, 'SIGKILL')
  },
})

registerHooks({
  load(loadedUrl, context, nextLoad) {
    const loaded = nextLoad(loadedUrl, context)
    if (loadedUrl !== url) return loaded
    return { ...loaded, source: insertFailpoint(failpoint, String(loaded.source)) }
  },
})
