import { json, jsonParseLinter } from '@codemirror/lang-json'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { linter } from '@codemirror/lint'
import { EditorState, type Extension } from '@codemirror/state'
import { EditorView } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { minimalSetup } from 'codemirror'
import { useEffect, useRef } from 'react'
import type { CodeEditorProps } from './code-editor.tsx'
import classes from './code-mirror-box.module.css'

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--jh-text)' },
  { tag: tags.string, color: 'var(--jh-ok)' },
  { tag: tags.number, color: 'var(--jh-run)' },
  { tag: [tags.bool, tags.null], color: 'var(--jh-wait)' },
  { tag: tags.punctuation, color: 'var(--jh-dim)' },
])

interface BoxProps extends Omit<CodeEditorProps, 'label' | 'description' | 'error'> {
  height: number
  labelId: string
  isWrong: boolean
}

/** CodeMirror, loaded with the first view that needs it. Tab leaves it, as it leaves every other field. */
export default function CodeMirrorBox({ value, onChange, height, labelId, isWrong, isReadOnly, isPlain }: BoxProps) {
  const frame = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const told = useRef(onChange)
  told.current = onChange

  // biome-ignore lint/correctness/useExhaustiveDependencies: later values go into the editor that is there
  useEffect(() => {
    const extensions: Extension[] = [
      minimalSetup,
      syntaxHighlighting(colours),
      EditorView.lineWrapping,
      EditorState.readOnly.of(isReadOnly === true),
      EditorView.contentAttributes.of({ 'aria-labelledby': labelId, tabindex: '0' }),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) told.current(update.state.doc.toString())
      }),
      ...(isPlain ? [] : [json(), linter(lintWhatIsThere)]),
    ]
    const made = new EditorView({ parent: frame.current!, state: EditorState.create({ doc: value, extensions }) })
    view.current = made
    return () => made.destroy()
  }, [labelId, isReadOnly, isPlain])

  useEffect(() => {
    const current = view.current
    if (!current || current.state.doc.toString() === value) return
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } })
  }, [value])

  return <div ref={frame} className={classes.frame} data-wrong={isWrong || undefined} style={{ height }} />
}

const lintJson = jsonParseLinter()
/** An empty field is not wrong before one has begun. */
function lintWhatIsThere(view: EditorView) {
  return view.state.doc.length === 0 ? [] : lintJson(view)
}
