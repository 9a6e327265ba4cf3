import { Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import classes from './page.module.css'

interface PageProps {
  title: string
  /** Beside the title: a state, a count. */
  beside?: ReactNode
  description?: ReactNode
  actions?: ReactNode
  /** Above the title: the way back. */
  above?: ReactNode
  children: ReactNode
}

/** What every view looks like: its title is also the window's, and the heading that a reader of the screen hears first. */
export function Page({ title, beside, description, actions, above, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · jethook`
  }, [title])
  return (
    <div className={classes.page}>
      {above && (
        <nav className={classes.above} aria-label="Way back">
          {above}
        </nav>
      )}
      <header className={classes.header}>
        <div className={classes.titles}>
          <div className={classes.title}>
            <Title order={1}>{title}</Title>
            {beside}
          </div>
          {description && <div className={classes.description}>{description}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface SectionProps {
  title: string
  actions?: ReactNode
  description?: ReactNode
  children: ReactNode
}

export function Section({ title, actions, description, children }: SectionProps) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHeader}>
        <div>
          <Title order={2}>{title}</Title>
          {description && <div className={classes.description}>{description}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** Facts of a thing, name beside value; one below the other where the window is narrow. */
export function Facts({ items }: { items: [name: string, value: ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
