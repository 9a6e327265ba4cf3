import classes from './labels.module.css'

/** Names and values, each pair on a ground of its own. */
export function Labels({ labels, max = 50 }: { labels: Record<string, string>; max?: number }) {
  const entries = Object.entries(labels)
  if (entries.length === 0) return <span className={classes.none}>none</span>
  return (
    <span className={classes.labels}>
      {entries.slice(0, max).map(([name, value]) => (
        <span key={name} className={classes.label} title={`${name}: ${value}`}>
          <span className={classes.name}>{name}</span>
          {value}
        </span>
      ))}
      {entries.length > max && <span className={classes.name}>+{entries.length - max}</span>}
    </span>
  )
}
