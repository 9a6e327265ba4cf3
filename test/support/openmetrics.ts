import assert from 'node:assert/strict'

export interface OpenMetricsSample {
  name: string
  labels: Record<string, string>
  value: number
}

export interface OpenMetricsFamily {
  name: string
  type: string
  help: string | null
  samples: OpenMetricsSample[]
}

/** What the names of a type's samples add to the name of their family. */
const SUFFIXES: Record<string, readonly string[]> = {
  counter: ['_total', '_created'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  summary: ['', '_count', '_sum', '_created'],
  info: ['_info'],
  stateset: [''],
  unknown: [''],
}
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (\S+))?$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/y
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[iI]nf(?:inity)?|[nN][aA][nN])$/

/**
 * A strict reading of OpenMetrics 1.0: what the specification forbids is an error, above all families that are torn apart or
 * there twice, samples that don't fit their type, duplicates, and histograms that don't add up.
 * @throws {AssertionError} naming the line.
 */
export function parseOpenMetrics(text: string): Map<string, OpenMetricsFamily> {
  assert.ok(text.endsWith('# EOF\n'), 'the exposition ends with # EOF and a line feed')
  const lines = text.slice(0, -1).split('\n')
  assert.equal(lines.pop(), '# EOF')
  const families = new Map<string, OpenMetricsFamily>()
  const seen = new Set<string>()
  let current: OpenMetricsFamily | null = null
  for (const line of lines) {
    if (line.startsWith('#')) current = readMetadata(line, current, families)
    else {
      const sample = readSample(line)
      assert.ok(current !== null && isOf(sample, current), `a sample outside its family: ${line}`)
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()])
      assert.ok(!seen.has(key), `there twice: ${line}`)
      seen.add(key)
      if (current.type === 'counter') assert.ok(sample.value >= 0, `a counter below 0, or none: ${line}`)
      current.samples.push(sample)
    }
  }
  for (const family of families.values()) if (family.type === 'histogram') checkHistogram(family)
  return families
}

function readMetadata(
  line: string,
  current: OpenMetricsFamily | null,
  families: Map<string, OpenMetricsFamily>,
): OpenMetricsFamily {
  const [, kind, name, rest] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? []
  assert.ok(kind !== undefined && name !== undefined && rest !== undefined, `no line of OpenMetrics: ${line}`)
  assert.match(name, NAME)
  let family = current
  if (family?.name !== name) {
    assert.ok(!families.has(name), `the family ${name} is torn apart`)
    family = { name, type: 'unknown', help: null, samples: [] }
    families.set(name, family)
  }
  assert.equal(family.samples.length, 0, `metadata behind samples: ${line}`)
  if (kind === 'HELP') {
    assert.equal(family.help, null, `a second HELP: ${line}`)
    family.help = rest
  } else if (kind === 'TYPE') {
    assert.equal(family.type, 'unknown', `a second TYPE: ${line}`)
    assert.ok(Object.hasOwn(SUFFIXES, rest), `an unknown type: ${line}`)
    assert.ok(rest !== 'counter' || !name.endsWith('_total'), `the family of a counter doesn't end in _total: ${line}`)
    family.type = rest
  } else assert.ok(name.endsWith(`_${rest}`), `the unit is not in the name: ${line}`)
  return family
}

const isOf = ({ name }: OpenMetricsSample, family: OpenMetricsFamily) =>
  SUFFIXES[family.type]!.some((suffix) => name === family.name + suffix)

function readSample(line: string): OpenMetricsSample {
  const [, name, labelText = '', value] = SAMPLE.exec(line) ?? []
  assert.ok(name !== undefined && value !== undefined, `no sample: ${line}`)
  assert.match(value, NUMBER, `no number: ${line}`)
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < labelText.length) {
    const match = LABEL.exec(labelText)
    assert.ok(match !== null, `labels that can't be read: ${line}`)
    assert.ok(!Object.hasOwn(labels, match[1]!), `a label twice: ${line}`)
    labels[match[1]!] = match[2]!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
  }
  return { name, labels, value: numberOf(value) }
}

function numberOf(text: string): number {
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return Number(text)
}

function checkHistogram({ name, samples }: OpenMetricsFamily): void {
  const of = (suffix: string) => samples.filter((sample) => sample.name === name + suffix)
  const keyOf = ({ labels: { le: _, ...labels } }: OpenMetricsSample) => JSON.stringify(Object.entries(labels).sort())
  for (const [key, buckets] of Map.groupBy(of('_bucket'), keyOf)) {
    const bounds = buckets.map(({ labels }) => numberOf(labels['le']!.replace('+', '')))
    assert.deepEqual(
      bounds,
      bounds.toSorted((a, b) => a - b),
      `${name}: buckets in order`,
    )
    assert.equal(bounds.at(-1), Number.POSITIVE_INFINITY, `${name}: a bucket +Inf`)
    for (const [i, { value }] of buckets.entries())
      assert.ok(i === 0 || value >= buckets[i - 1]!.value, `${name}: cumulative buckets`)
    const count = of('_count').find((sample) => keyOf(sample) === key)
    assert.equal(count?.value, buckets.at(-1)?.value, `${name}: the count is that of the bucket +Inf`)
    assert.ok(
      of('_sum').some((sample) => keyOf(sample) === key),
      `${name}: a sum`,
    )
  }
}
