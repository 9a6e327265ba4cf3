import '@mantine/charts/styles.layer.css'
import { BarChart, LineChart } from '@mantine/charts'
import { durationText } from '#dashboard/shared/format.ts'
import { Section } from '#dashboard/shared/page.tsx'
import { localText } from '#dashboard/shared/time.tsx'
import classes from './charts.module.css'
import type { OverviewData } from './overview-query.ts'

const HEIGHT = 190
const ATTEMPTS = [
  { name: 'succeeded', label: 'Succeeded', color: 'var(--jh-ok-mark)' },
  { name: 'failed', label: 'Failed', color: 'var(--jh-bad-mark)' },
]
const LATENCIES = [
  { name: 'p50_ms', label: 'Half', color: 'var(--jh-run-mark)' },
  { name: 'p95_ms', label: '95 %', color: 'var(--jh-wait-mark)' },
]

/** Attempts and their durations over time. */
export default function Charts({ data }: { data: OverviewData }) {
  const isLong = data.bucket_seconds >= 3_600
  const rows = data.buckets.map((bucket) => ({ ...bucket, at: tickOf(bucket.at, isLong) }))
  const axis = { tickLine: 'none', gridAxis: 'x', withYAxis: true, h: HEIGHT } as const
  const shared = {
    ...axis,
    data: rows,
    dataKey: 'at',
    xAxisProps: { minTickGap: 48, interval: 'preserveStartEnd' },
    tooltipAnimationDuration: 0,
  } as const
  return (
    <div className={classes.charts}>
      <Section title="Attempts">
        <figure className={classes.chart} aria-label={sumUp(data)}>
          <BarChart
            {...shared}
            type="stacked"
            series={ATTEMPTS}
            barProps={{ isAnimationActive: false }}
            maxBarWidth={14}
            yAxisProps={{ width: 40, allowDecimals: false }}
          />
        </figure>
      </Section>
      <Section title="Time that receivers take">
        <figure className={classes.chart} aria-label="Duration of attempts: half of them, and 95 %">
          <LineChart
            {...shared}
            series={LATENCIES}
            withDots={false}
            curveType="monotone"
            strokeWidth={1.5}
            connectNulls={false}
            lineProps={{ isAnimationActive: false }}
            valueFormatter={durationText}
            yAxisProps={{ width: 56 }}
          />
        </figure>
      </Section>
    </div>
  )
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

function tickOf(at: string, isLong: boolean): string {
  return isLong ? localText(Date.parse(at)).replace(/:\d\d$/, '') : clock.format(Date.parse(at))
}

function sumUp({ totals }: OverviewData): string {
  return `Attempts over time: ${totals.succeeded} succeeded, ${totals.failed} failed`
}
