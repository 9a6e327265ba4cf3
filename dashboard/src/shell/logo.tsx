import classes from './logo.module.css'

export function Logo() {
  return (
    <span className={classes.logo}>
      <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true">
        <path d="M13 3v9a4 4 0 0 1-8 0v-1" fill="none" stroke="currentColor" strokeWidth="2.2" strokeLinecap="round" />
        <path
          d="m9.6 6.2 3.4-3.4 3.4 3.4"
          fill="none"
          stroke="currentColor"
          strokeWidth="2.2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      jethook
    </span>
  )
}
