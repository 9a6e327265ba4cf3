import module from 'node:module'
import { dirname, join } from 'node:path'
import { PROJECT } from './run.mjs'

/** Beside the packages: it goes away with them. */
function cacheFolder() {
  const isPackage = dirname(PROJECT).endsWith('node_modules')
  return join(isPackage ? dirname(PROJECT) : join(PROJECT, 'node_modules'), '.cache/jethook-compiled')
}

/**
 * Has Node keep what it makes of each source (types stripped, compiled), here and in whatever is started from here: a start is
 * quicker by that. Where nothing can be written, all works without it.
 */
export function keepCompiled() {
  if (process.env.NODE_DISABLE_COMPILE_CACHE === '1') return
  process.env.NODE_COMPILE_CACHE ??= cacheFolder()
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE)
}
