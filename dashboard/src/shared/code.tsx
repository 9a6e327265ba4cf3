import classes from './code.module.css'
import { CopyIcon } from './copy.tsx'

/** Text as it is, with a button that copies it. @param label What it is: "payload". */
export function Code({ text, label, isTall = false }: { text: string; label: string; isTall?: boolean }) {
  return (
    <div className={classes.frame}>
      <div className={classes.copy}>
        <CopyIcon value={text} label={label} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached with the keyboard */}
      <section className={classes.scroll} data-tall={isTall || undefined} tabIndex={0} aria-label={label}>
        <pre className={classes.text}>{text}</pre>
      </section>
    </div>
  )
}
