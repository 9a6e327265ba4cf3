import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { anyFreePort } from '#scripts/embedded/server-process.ts'
import { type EmbeddedServers, startEmbeddedServers } from '#scripts/embedded/servers.ts'
import type { OpenMetricsSample } from '../support/openmetrics.ts'
import { checkExpressions, evaluateRules, findPromtool, type RuleTest, testRules } from '../support/promtool.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { type Scrape, scrape } from '../support/scrape.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string }
}

const fileOf = (path: string) => fileURLToPath(new URL(`../../deploy/${path}`, import.meta.url))
const RULES = fileOf('prometheus/alerts.yml')
const { groups } = parse(await readFile(RULES, 'utf8')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const promtool = await findPromtool()
const WITHOUT_PROMTOOL = 'promtool is not to be had: run .ci/promtool'

let stack: Stack
let receiver: Receiver
let again: EmbeddedServers | null = null
let look: () => Promise<Scrape>

before(async () => {
  const port = await anyFreePort()
  look = () => scrape(`http://127.0.0.1:${port}/metrics`)
  receiver = await startReceiver(({ path }) => (path === '/fails' ? 'reset' : { status: 200 }))
  stack = await startStack({ MONITORING_PORT: String(port), APPEND_TIMEOUT_MS: '500', SHUTDOWN_TIMEOUT_MS: '1000' })
  await stack.api.createEventType()
  await stack.api.subscribe(`${receiver.url}/ok`)
  await stack.api.subscribe(`${receiver.url}/fails`, { labels: { to: 'failing' }, max_retries: 0 })
})
after(async () => {
  again ??= await startEmbeddedServers({ home: stack.home, hasOpenUser: true })
  await stack.close(again.stop)
  await receiver.close()
})

async function boardExpressions(): Promise<{ of: string; expr: string }[]> {
  const { panels } = JSON.parse(await readFile(fileOf('grafana/jethook.json'), 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[]
  }
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ of: title, expr })))
}

/** Names of figures in an expression: whatever looks like one and is no function, label or word of the language. */
const namesIn = (expr: string) =>
  [...expr.replace(/"[^"]*"/g, '').matchAll(/\b(?:jethook|process|nodejs)_[a-z0-9_]+\b/g)].map(([name]) => name)

test('every figure that rules and board name is one of a running jethook', async () => {
  await stack.api.send()
  await stack.api.send({ labels: { to: 'failing' } })
  const seen = await until('an attempt in the figures', async () => {
    const now = await look()
    const late = ['jethook_dead_letters', 'jethook_deliveries_open', 'jethook_deliveries_queued', 'jethook_waiting']
    return late.every((name) => now.families.get(name)?.samples.length) && now
  })
  const known = new Set([...seen.families.values()].flatMap(({ samples }) => samples.map(({ name }) => name)))
  // Figures that have no sample before something has gone wrong.
  for (const { name, type } of seen.families.values()) if (type === 'counter') known.add(`${name}_total`)
  const expressions = [...rules.map(({ alert, expr }) => ({ of: alert, expr })), ...(await boardExpressions())]
  assert.ok(expressions.length > 60)
  for (const { of, expr } of expressions) {
    const names = namesIn(expr)
    assert.ok(names.length > 0 || expr.startsWith('up{'), `${of} names a figure`)
    for (const name of names) assert.ok(known.has(name), `${of}: there is no figure ${name}`)
  }
})

test('every expression of the board is one of PromQL', async (t) => {
  if (promtool === null) return t.skip(WITHOUT_PROMTOOL)
  const expressions = (await boardExpressions()).map(({ expr }) =>
    expr.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*'),
  )
  await checkExpressions(promtool, expressions)
  await assert.rejects(checkExpressions(promtool, ['sum(rate(jethook_events_accepted_total)']), /promtool/)
})

test('every rule says what it is about, and how much it matters', () => {
  assert.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length)
  for (const { alert, labels, annotations } of rules) {
    assert.match(alert, /^Jethook[A-Z]/)
    assert.match(labels.severity, /^(page|ticket)$/)
    assert.ok(annotations.summary && annotations.description, alert)
  }
})

test('each rule fires on what it is for, and none while all is well', async (t) => {
  if (promtool === null) return t.skip(WITHOUT_PROMTOOL)
  const file = fileOf('prometheus/alerts.test.yml')
  const text = await readFile(file, 'utf8')
  for (const { alert } of rules) assert.ok(text.includes(`alertname="${alert}"`), `${alert} has no test`)
  await testRules(promtool, file)
})

test('in an outage of a receiver, of Postgres and of NATS the rules fire on what a real jethook tells', async (t) => {
  if (promtool === null) return t.skip(WITHOUT_PROMTOOL)
  const healthy = await twoLooks(() => post())
  const receiverDown = await twoLooks(async () => {
    const { application_id, ...event } = stack.api.eventPost({ labels: { to: 'failing' } })
    await stack.api.call('POST', '/events/batch', { application_id, events: Array(60).fill(event) })
    await until('the open breaker and dead letters', async () => {
      const seen = await look()
      const isOpen = seen.value('jethook_breakers', { state: 'open-failures' }) === 1
      return isOpen && (seen.value('jethook_dead_letters_total') ?? 0) > 20
    })
  })
  await stack.servers.postgres?.kill()
  await until('figures without Postgres', async () => (await look()).value('jethook_deliveries_open') === undefined)
  const postgresDown = await twoLooks(() => post())
  await stack.servers.nats?.kill()
  await until('figures without NATS', async () => (await look()).value('jethook_nats_connected') === 0)
  const natsDown = await twoLooks(() => post())

  const quiet = ['JethookNatsDisconnected', 'JethookAcceptErrorsFast', 'JethookReadModelAway', 'JethookNobodyDelivers']
  await evaluateRules(promtool, RULES, [
    outage('a receiver', {
      healthy,
      trouble: receiverDown,
      fires: ['JethookBreakerOpen', 'JethookDeadLetters'],
      quiet,
    }),
    outage('Postgres', {
      healthy,
      trouble: postgresDown,
      fires: ['JethookReadModelAway'],
      quiet: ['JethookNatsDisconnected', 'JethookAcceptErrorsFast', 'JethookNobodyDelivers'],
    }),
    outage('NATS', {
      healthy,
      trouble: natsDown,
      fires: ['JethookNatsDisconnected', 'JethookAcceptErrorsFast', 'JethookAcceptErrorsSlow'],
      quiet: [],
    }),
  ])
})

const post = () => stack.api.call('POST', '/event', stack.api.eventPost())

type TwoLooks = readonly [Scrape, Scrape]

async function twoLooks(between: () => Promise<unknown>): Promise<TwoLooks> {
  const first = await look()
  await between()
  return [first, await look()]
}

/** Half an hour as it was when all was well, then an hour of trouble, each going on as two scrapes have shown it. */
function outage(
  name: string,
  { healthy, trouble, fires, quiet }: { healthy: TwoLooks; trouble: TwoLooks; fires: string[]; quiet: string[] },
): RuleTest {
  const firing = (alert: string) => `count(ALERTS{alertstate="firing",alertname="${alert}"}) > bool 0`
  const isFiring = [{ labels: '{}', value: 1 }]
  return {
    name,
    interval: '1m',
    input_series: seriesOf(healthy, trouble),
    promql_expr_test: [
      ...[...fires, ...quiet].map((alert) => ({ expr: firing(alert), eval_time: '29m', exp_samples: [] })),
      ...fires.map((alert) => ({ expr: firing(alert), eval_time: '89m', exp_samples: isFiring })),
      ...quiet.map((alert) => ({ expr: firing(alert), eval_time: '89m', exp_samples: [] })),
    ],
  }
}

function seriesOf(healthy: TwoLooks, trouble: TwoLooks): RuleTest['input_series'] {
  const looks = [...healthy, ...trouble].map(valuesOf)
  const keys = new Set(looks.flatMap((values) => [...values.keys()]))
  return [...keys].map((series) => {
    const [h1, h2, t1, t2] = looks.map((values) => values.get(series))
    const before = h1 === undefined || h2 === undefined ? '_x30' : `${h1}+${Math.max(0, h2 - h1)}x29`
    // A counter must not fall at the seam: that would be a restart.
    const isCounter = /_(total|count|sum|bucket)(\{|$)/.test(series)
    const lifted = isCounter && h1 !== undefined && h2 !== undefined ? 29 * (h2 - h1) : 0
    const after = t2 === undefined ? '_x61' : `${lifted + (t1 ?? 0)}+${Math.max(0, t2 - (t1 ?? 0))}x60`
    return { series, values: `${before} ${after}` }
  })
}

function valuesOf({ families }: Scrape): Map<string, number> {
  const samples = [...families.values()].flatMap((family) => family.samples)
  return new Map(samples.filter(({ value }) => Number.isFinite(value)).map((each) => [nameOf(each), each.value]))
}

function nameOf({ name, labels }: OpenMetricsSample): string {
  const pairs = Object.entries({ ...labels, job: 'jethook', instance: 'a' })
  return `${name}{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(',')}}`
}
