import { createConvoyTarget } from './convoy.ts'
import { createHook0Target } from './hook0.ts'
import { createOutpostTarget } from './outpost.ts'
import { createSvixTarget } from './svix.ts'
import type { Target, TargetOptions } from './target.ts'

/** What `--target` takes. */
export const PEERS: Record<string, (options: TargetOptions) => Target> = {
  hook0: createHook0Target,
  svix: createSvixTarget,
  convoy: createConvoyTarget,
  outpost: createOutpostTarget,
}
