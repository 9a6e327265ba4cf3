import type { ReactNode } from 'react'
import classes from './state.module.css'

/** The five states that have a colour; everything else is ink. */
export type Tone = 'ok' | 'wait' | 'bad' | 'run' | 'off'

interface StateProps {
  tone: Tone
  children: ReactNode
  /** On a tinted ground, to stand out in a line of text. */
  isFilled?: boolean
}

/** A state by colour, mark and word: never by colour alone. */
export function State({ tone, children, isFilled = false }: StateProps) {
  return (
    <span className={classes.state} data-tone={tone} data-filled={isFilled || undefined}>
      <span className={classes.mark} aria-hidden />
      {children}
    </span>
  )
}
