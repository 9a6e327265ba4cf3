import { registerHooks } from 'node:module'
import { MUTATIONS } from './mutations.ts'

/** `node --import …/mutation-loader.ts` with `MUTATION=name`: the sources are loaded with that defect in them. */
const mutation = MUTATIONS.find(({ name }) => name === process.env['MUTATION'])
if (mutation === undefined) throw new Error(`There is no mutation '${process.env['MUTATION']}'`)
const { file, find, replace } = mutation
const url = new URL(`../../${file}`, import.meta.url).href

registerHooks({
  load(asked, context, nextLoad) {
    const loaded = nextLoad(asked, context)
    if (asked !== url) return loaded
    const source =
      loaded.source instanceof Object ? Buffer.from(loaded.source as Uint8Array).toString() : String(loaded.source)
    if (source.split(find).length !== 2) throw new Error(`'${find}' does not stand in ${file} exactly once`)
    return { ...loaded, source: source.replace(find, () => replace) }
  },
})
