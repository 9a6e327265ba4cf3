import classes from './sparkline.module.css'

interface SparklineProps {
  /** What it shows, with its figures in words. */
  label: string
  /** One column each; the part that failed stands on top. */
  columns: { ok: number; bad: number }[]
  width?: number
  height?: number
}

const GAP = 1

/** A small column chart for a line of a table. */
export function Sparkline({ label, columns, width = 120, height = 24 }: SparklineProps) {
  const max = Math.max(1, ...columns.map(({ ok, bad }) => ok + bad))
  const step = width / Math.max(1, columns.length)
  return (
    <svg
      className={classes.spark}
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {columns.map(({ ok, bad }, index) => {
        const [okHeight, badHeight] = [columnHeight(ok, max, height), columnHeight(bad, max, height)]
        const x = index * step
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other name than their place
          <g key={index}>
            <rect className={classes.base} x={x} y={height - 1} width={step - GAP} height={1} />
            {ok > 0 && <rect className={classes.ok} x={x} y={height - okHeight} width={step - GAP} height={okHeight} />}
            {bad > 0 && (
              <rect
                className={classes.bad}
                x={x}
                y={Math.max(0, height - okHeight - badHeight)}
                width={step - GAP}
                height={badHeight}
              />
            )}
          </g>
        )
      })}
    </svg>
  )
}

/** What is there at all is at least two pixels high. */
function columnHeight(value: number, max: number, height: number): number {
  return value === 0 ? 0 : Math.max(2, (value / max) * height)
}
