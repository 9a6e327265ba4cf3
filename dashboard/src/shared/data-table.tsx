import { Button, Checkbox, VisuallyHidden } from '@mantine/core'
import {
  type ColumnDef,
  type RowData,
  type RowSelectionState,
  rowSelectionFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, type ReactNode, useMemo, useRef } from 'react'
import classes from './data-table.module.css'
import type { PagedList } from './use-list.ts'
import { Failed, LoadingRows } from './view-states.tsx'

const features = tableFeatures({ rowSelectionFeature })
const ROW_HEIGHT = 40
/** Up to here all rows are in the page; of longer lists those in view. */
const ROWS_IN_PAGE = 120

export interface Column<T> {
  id: string
  header: string
  /** One of them is a link (`className={rowLink}`) that covers its row. */
  cell: (row: T) => ReactNode
  /** CSS width; the columns without one share what is left. */
  width?: number | string
  align?: 'end'
  /** Below 640 px ('sm') or 980 px ('md') of window the column is left out. */
  hideBelow?: 'sm' | 'md'
}

interface DataTableProps<T extends RowData> {
  /** What the table holds, for readers of the screen. */
  label: string
  columns: readonly Column<T>[]
  rows: T[]
  keyOf: (row: T) => string
  /** Selected keys; with it each row has a box. */
  selection?: { keys: RowSelectionState; onChange: (keys: RowSelectionState) => void; labelOf: (row: T) => string }
  isOutdated?: boolean
}

/** The class of the link of a row: the whole row leads there. */
export const rowLink = classes.rowLink!

/** Rows of one height in columns; of long lists only what is in view is in the page. */
export function DataTable<T extends RowData>({
  label,
  columns,
  rows,
  keyOf,
  selection,
  isOutdated,
}: DataTableProps<T>) {
  const definitions = useMemo(
    (): ColumnDef<typeof features, T>[] =>
      columns.map(({ id, header, cell }) => ({ id, header, cell: ({ row }) => cell(row.original) })),
    [columns],
  )
  const table = useTable({
    features,
    columns: definitions,
    data: rows,
    getRowId: keyOf,
    enableRowSelection: selection !== undefined,
    state: { rowSelection: selection?.keys ?? {} },
    onRowSelectionChange: (update) => {
      selection?.onChange(typeof update === 'function' ? update(selection.keys) : update)
    },
  })
  const model = table.getRowModel().rows
  const frame = useRef<HTMLDivElement>(null)
  const isVirtual = model.length > ROWS_IN_PAGE
  const virtualizer = useWindowVirtualizer({
    count: isVirtual ? model.length : 0,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
    scrollMargin: frame.current?.offsetTop ?? 0,
  })
  const inView = virtualizer.getVirtualItems()
  const shown = isVirtual ? inView.map(({ index }) => model[index]!) : model
  const above = isVirtual ? (inView[0]?.start ?? 0) - (frame.current?.offsetTop ?? 0) : 0
  const below = isVirtual ? virtualizer.getTotalSize() - above - shown.length * ROW_HEIGHT : 0
  const columnsById = new Map(columns.map((column) => [column.id, column]))
  return (
    <div ref={frame} className={classes.frame} data-outdated={isOutdated || undefined}>
      <table className={classes.table} aria-label={label} aria-rowcount={model.length + 1}>
        <thead>
          <tr>
            {selection && (
              <th className={classes.box}>
                <Checkbox
                  aria-label="Select all that are shown"
                  checked={table.getIsAllRowsSelected()}
                  indeterminate={table.getIsSomeRowsSelected()}
                  onChange={table.getToggleAllRowsSelectedHandler()}
                />
              </th>
            )}
            {columns.map(({ id, header, width, align, hideBelow }) => (
              <th
                key={id}
                scope="col"
                data-align={align}
                data-hide={hideBelow}
                data-main={width === undefined || undefined}
                style={{ '--column-width': cssWidth(width) } as CSSProperties}
              >
                {header === '' ? <VisuallyHidden>Actions</VisuallyHidden> : header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {above > 0 && <Gap height={above} />}
          {shown.map((row) => (
            <tr key={row.id} data-selected={(selection && row.getIsSelected()) || undefined}>
              {selection && (
                <td className={classes.box}>
                  <Checkbox
                    aria-label={selection.labelOf(row.original)}
                    checked={row.getIsSelected()}
                    onChange={row.getToggleSelectedHandler()}
                  />
                </td>
              )}
              {row.getAllCells().map((cell) => {
                const { align, hideBelow } = columnsById.get(cell.column.id)!
                return (
                  <td key={cell.id} data-align={align} data-hide={hideBelow}>
                    <div className="jh-cut">
                      <table.FlexRender cell={cell} />
                    </div>
                  </td>
                )
              })}
            </tr>
          ))}
          {below > 0 && <Gap height={below} />}
        </tbody>
      </table>
    </div>
  )
}

function cssWidth(width: number | string | undefined): string | undefined {
  return typeof width === 'number' ? `${width}px` : width
}

function Gap({ height }: { height: number }) {
  return (
    <tr aria-hidden className={classes.gap}>
      <td style={{ height }} />
    </tr>
  )
}

interface PagedTableProps<T extends RowData> extends Omit<DataTableProps<T>, 'rows' | 'isOutdated'> {
  list: PagedList<T>
  /** Instead of a table without rows. */
  empty: ReactNode
}

/** A paged list as a table, with its loading, error and empty state, and the way to its next page. */
export function PagedTable<T extends RowData>({ list, empty, ...table }: PagedTableProps<T>) {
  if (list.error) return <Failed error={list.error} onRetry={list.refetch} />
  if (list.isLoading) return <LoadingRows />
  if (list.rows.length === 0) return <>{empty}</>
  return (
    <>
      <DataTable {...table} rows={list.rows} isOutdated={list.isOutdated} />
      {list.hasMore && (
        <Button variant="default" onClick={list.loadMore} loading={list.isLoadingMore} style={{ alignSelf: 'center' }}>
          Load older
        </Button>
      )}
    </>
  )
}
