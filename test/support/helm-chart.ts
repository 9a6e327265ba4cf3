import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { createTemplates } from './go-template.ts'

export interface KubernetesObject {
  apiVersion: string
  kind: string
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> }
  spec?: Record<string, unknown>
}

/** What `helm template` would print, as objects. @param values Beyond those of values.yaml, which they replace where they differ. */
export async function renderChart(folder: string, values: Record<string, unknown>): Promise<KubernetesObject[]> {
  const read = async (file: string) => readFile(join(folder, file), 'utf8')
  const chart = parse(await read('Chart.yaml')) as Record<string, unknown>
  const data = {
    Values: merged(parse(await read('values.yaml')), values),
    Chart: { Name: chart['name'], Version: chart['version'], AppVersion: chart['appVersion'] },
    Release: { Name: 'test', Namespace: 'default', Service: 'Helm' },
  }
  const templates = createTemplates()
  const objects: KubernetesObject[] = []
  const files = (await readdir(join(folder, 'templates'))).sort()
  const isHelper = (file: string) => file.startsWith('_')
  for (const file of [...files.filter(isHelper), ...files.filter((each) => !isHelper(each))]) {
    const text = templates.render(await read(join('templates', file)), data)
    if (!file.endsWith('.yaml')) continue
    for (const document of parseAllDocuments(text)) {
      if (document.errors.length > 0) throw new Error(`${file}: ${document.errors[0]!.message}\n${text}`)
      const object: unknown = document.toJS()
      if (object !== null) objects.push(object as KubernetesObject)
    }
  }
  return objects
}

function merged(base: unknown, over: unknown): unknown {
  if (over === undefined) return base
  const areMaps = [base, over].every((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
  if (!areMaps) return over
  const result: Record<string, unknown> = { ...(base as object) }
  for (const [key, value] of Object.entries(over as object)) result[key] = merged(result[key], value)
  return result
}
