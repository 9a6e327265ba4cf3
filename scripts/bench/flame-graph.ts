import { readFile, writeFile } from 'node:fs/promises'

/** V8's format of a CPU profile, as far as it is used here. */
export interface CpuProfile {
  nodes: {
    id: number
    callFrame: { functionName: string; url: string; lineNumber: number }
    children?: number[]
  }[]
  samples: number[]
  timeDeltas: number[]
}

interface Frame {
  name: string
  us: number
  children: Map<string, Frame>
}

const WIDTH = 1_600
const ROW_HEIGHT = 17
const CHARACTER_WIDTH = 6.6
/** Narrower frames are left out. */
const LEAST_WIDTH = 0.4
const HUES = { jethook: 130, package: 210, node: 30 }

/** Writes `<profile>.svg` beside a `.cpuprofile`: what calls what, as wide as its CPU time. Each frame says its time when pointed at. */
export async function writeFlameGraph(profilePath: string): Promise<string> {
  const profile = JSON.parse(await readFile(profilePath, 'utf8')) as CpuProfile
  const path = profilePath.replace(/\.cpuprofile$/, '.svg')
  await writeFile(path, flameGraph(profile))
  return path
}

export function flameGraph(profile: CpuProfile): string {
  const root = busyFrames(profile)
  const rows: string[] = []
  let depthMax = 0
  const draw = (frame: Frame, depth: number, x: number) => {
    const width = (frame.us / root.us) * WIDTH
    if (width < LEAST_WIDTH) return
    depthMax = Math.max(depthMax, depth)
    rows.push(rectangle(frame, { x, y: depth * ROW_HEIGHT, width, share: frame.us / root.us }))
    let childX = x
    for (const child of [...frame.children.values()].toSorted((a, b) => b.us - a.us)) {
      draw(child, depth + 1, childX)
      childX += (child.us / root.us) * WIDTH
    }
  }
  draw(root, 0, 0)
  const height = (depthMax + 1) * ROW_HEIGHT
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="11">${rows.join('\n')}</svg>\n`
}

/** The call tree with the time of each frame and all below it, without the time in which nothing ran. */
function busyFrames({ nodes, samples, timeDeltas }: CpuProfile): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)))
  const root: Frame = { name: 'all', us: 0, children: new Map() }
  for (const [i, id] of samples.entries()) {
    const us = timeDeltas[i] ?? 0
    const path: string[] = []
    for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) path.unshift(nameOf(byId.get(at)!))
    if (path.at(-1) === '(idle)') continue
    root.us += us
    let frame = root
    for (const name of path.slice(1)) {
      const child = frame.children.get(name) ?? { name, us: 0, children: new Map() }
      frame.children.set(name, child)
      child.us += us
      frame = child
    }
  }
  return root
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: CpuProfile['nodes'][number]): string {
  const place = url
    .replace(/^.*\/node_modules\//, 'npm:')
    .replace(/^file:\/\/.*?\/(shared|services|projections|scripts)\//, '$1/')
  const name = functionName || '(anonymous)'
  return place === '' ? name : `${name} ${place}:${lineNumber + 1}`
}

function rectangle(
  { name, us }: Frame,
  { x, y, width, share }: { x: number; y: number; width: number; share: number },
): string {
  const hue = name.includes('npm:')
    ? HUES.package
    : /(shared|services|projections)\//.test(name)
      ? HUES.jethook
      : HUES.node
  const room = Math.floor(width / CHARACTER_WIDTH) - 1
  const label = room < 3 ? '' : `<text x="${(x + 3).toFixed(1)}" y="${y + 12}">${escaped(name.slice(0, room))}</text>`
  const title = `${name}: ${(us / 1_000).toFixed(1)} ms, ${(share * 100).toFixed(1)} %`
  return `<g><title>${escaped(title)}</title><rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW_HEIGHT - 1}" fill="hsl(${hue} 60% 72%)"/>${label}</g>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
