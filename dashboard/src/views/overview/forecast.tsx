import '@mantine/charts/styles.layer.css'
import { BarChart } from '@mantine/charts'
import { plural } from '#dashboard/shared/format.ts'
import classes from './forecast.module.css'
import type { OverviewData } from './overview-query.ts'

const HEIGHT = 110
const SERIES = [{ name: 'retries', label: 'Retries', color: 'var(--jh-wait-mark)' }]
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })

/** How many retries come due, by the schedules as they stand. */
export default function Forecast({ steps }: { steps: OverviewData['forecast'] }) {
  const total = steps.reduce((sum, { retries }) => sum + retries, 0)
  if (total === 0) return <p className={classes.none}>None is scheduled.</p>
  return (
    <figure className={classes.chart} aria-label={`${plural(total, 'retry', 'retries')} in the next hours`}>
      <BarChart
        h={HEIGHT}
        data={steps.map(({ at, retries }) => ({ at: clock.format(Date.parse(at)), retries }))}
        dataKey="at"
        series={SERIES}
        tickLine="none"
        gridAxis="x"
        barProps={{ isAnimationActive: false }}
        maxBarWidth={12}
        yAxisProps={{ width: 32, allowDecimals: false }}
        xAxisProps={{ minTickGap: 40 }}
        tooltipAnimationDuration={0}
      />
    </figure>
  )
}
