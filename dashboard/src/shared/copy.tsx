import { ActionIcon, CopyButton, Tooltip } from '@mantine/core'
import { Check, Copy } from 'lucide-react'
import classes from './copy.module.css'
import { shortId } from './format.ts'

/** Copies a text; says so for a moment. @param label What is copied: "event id". */
export function CopyIcon({ value, label }: { value: string; label: string }) {
  return (
    <CopyButton value={value} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${label}`}>
          <ActionIcon
            className={classes.copy}
            variant="subtle"
            size={22}
            aria-label={copied ? 'Copied' : `Copy ${label}`}
            onClick={(event) => {
              event.preventDefault()
              event.stopPropagation()
              copy()
            }}
          >
            {copied ? <Check size={13} /> : <Copy size={13} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

/** An id, cut in the middle, with a button that copies all of it. */
export function Id({ id, label, isWhole = false }: { id: string; label: string; isWhole?: boolean }) {
  return (
    <span className={classes.id}>
      <span className="jh-mono" title={id}>
        {isWhole ? id : shortId(id)}
      </span>
      <CopyIcon value={id} label={label} />
    </span>
  )
}
