import { Button, SegmentedControl } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { Check, Terminal } from 'lucide-react'
import { lazy, Suspense, useMemo, useState } from 'react'
import { Code } from './code.tsx'
import { bytesText } from './format.ts'
import classes from './payload.module.css'

const JsonTree = lazy(() => import('./json-tree.tsx'))
/** Larger ones are shown as text: a tree of them takes the browser's breath away. */
const TREE_BYTES_MAX = 400_000

interface PayloadProps {
  text: string
  contentType: string
  label?: string
  /** A command that sends it again by hand. */
  curl?: string
}

/** A payload as a tree, as it was sent, or as a command. Always as text: nothing in it is ever run or shown as a page. */
export function Payload({ text, contentType, label = 'payload', curl }: PayloadProps) {
  const json = useMemo(() => parseJson(text), [text])
  const isTree = typeof json === 'object' && json !== null && text.length <= TREE_BYTES_MAX
  const [view, setView] = useState<'tree' | 'raw'>(isTree ? 'tree' : 'raw')
  return (
    <div className={classes.payload}>
      <div className={classes.bar}>
        {isTree && (
          <SegmentedControl
            aria-label={`How the ${label} is shown`}
            value={view}
            onChange={(next) => setView(next as 'tree' | 'raw')}
            data={[
              { value: 'tree', label: 'Tree' },
              { value: 'raw', label: 'Raw' },
            ]}
          />
        )}
        <span className={classes.kind}>
          {contentType} · {bytesText(new TextEncoder().encode(text).length)}
        </span>
        {curl !== undefined && <CopyCurl curl={curl} />}
      </div>
      {view === 'tree' && isTree ? (
        <Suspense fallback={<Code text={text} label={label} />}>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached with the keyboard */}
          <section className={classes.tree} tabIndex={0} aria-label={`${label} as a tree`}>
            <JsonTree data={json} label={label} />
          </section>
        </Suspense>
      ) : (
        <Code text={text} label={label} />
      )}
    </div>
  )
}

function CopyCurl({ curl }: { curl: string }) {
  const clipboard = useClipboard({ timeout: 1_500 })
  return (
    <Button
      variant="default"
      size="compact-xs"
      leftSection={clipboard.copied ? <Check size={13} /> : <Terminal size={13} />}
      onClick={() => clipboard.copy(curl)}
    >
      {clipboard.copied ? 'Copied' : 'Copy as curl'}
    </Button>
  )
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Base64 as the text that it holds; bytes that are no text stay base64. */
export function textOfBase64(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return base64
  }
}

/** Text within single quotes of a shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
