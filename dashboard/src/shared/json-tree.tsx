import type { ComponentProps } from 'react'
import { JsonView } from 'react-json-view-lite'
import classes from './json-tree.module.css'

const style: NonNullable<ComponentProps<typeof JsonView>['style']> = {
  container: classes.container!,
  basicChildStyle: classes.child!,
  label: classes.label!,
  clickableLabel: classes.label!,
  nullValue: classes.literal!,
  undefinedValue: classes.literal!,
  numberValue: classes.number!,
  stringValue: classes.string!,
  booleanValue: classes.literal!,
  otherValue: classes.literal!,
  punctuation: classes.punctuation!,
  expandIcon: classes.expand!,
  collapseIcon: classes.collapse!,
  collapsedContent: classes.collapsed!,
  childFieldsContainer: classes.children!,
  stringifyStringValues: true,
  ariaLables: { collapseJson: 'Fold', expandJson: 'Unfold' },
}

const OPEN_LEVELS = 3
/** A level with more entries is folded at first. */
const ENTRIES_OPEN_MAX = 100

/** JSON as a tree that can be folded; values are shown as text, whatever they hold. */
export default function JsonTree({ data, label }: { data: object; label: string }) {
  return (
    <JsonView
      data={data}
      style={style}
      aria-label={label}
      clickToExpandNode
      shouldExpandNode={(level, value) =>
        level < OPEN_LEVELS && Object.keys(value as object).length <= ENTRIES_OPEN_MAX
      }
    />
  )
}
