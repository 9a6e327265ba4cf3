import { type OpenMetricsFamily, parseOpenMetrics } from './openmetrics.ts'

export interface Scrape {
  families: Map<string, OpenMetricsFamily>
  /** The sum over all samples of that name which have these labels; undefined: there is none. */
  value(name: string, labels?: Record<string, string>): number | undefined
}

/** @throws when there is no exposition at the address, or one that breaks a rule of OpenMetrics. */
export async function scrape(url: string): Promise<Scrape> {
  const response = await fetch(url)
  const contentType = response.headers.get('content-type') ?? ''
  if (response.status !== 200 || !contentType.startsWith('application/openmetrics-text'))
    throw new Error(`${url} was answered with ${response.status} ${contentType}`)
  const families = parseOpenMetrics(await response.text())
  const samples = [...families.values()].flatMap((family) => family.samples)
  return {
    families,
    value(name, labels = {}) {
      const found = samples.filter(
        (sample) =>
          sample.name === name && Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
      )
      return found.length === 0 ? undefined : found.reduce((sum, { value }) => sum + value, 0)
    },
  }
}
