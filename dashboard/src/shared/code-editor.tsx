import { Input, Skeleton } from '@mantine/core'
import { lazy, Suspense, useId } from 'react'

const CodeMirrorBox = lazy(() => import('./code-mirror-box.tsx'))

export interface CodeEditorProps {
  label: string
  description?: string
  value: string
  onChange: (value: string) => void
  /** CSS height; it does not change while one types. */
  height?: number
  error?: string | undefined
  isReadOnly?: boolean
  /** Plain text instead of JSON. */
  isPlain?: boolean
}

/** JSON that is written by hand: coloured, with brackets that close by themselves and marks where it is not JSON. */
export function CodeEditor({ label, description, error, height = 220, ...box }: CodeEditorProps) {
  const labelId = useId()
  return (
    <Input.Wrapper
      label={label}
      description={description}
      error={error}
      labelElement="div"
      labelProps={{ id: labelId }}
    >
      <Suspense fallback={<Skeleton height={height} mt={4} />}>
        <CodeMirrorBox {...box} height={height} labelId={labelId} isWrong={error !== undefined} />
      </Suspense>
    </Input.Wrapper>
  )
}
