import { ActionIcon, Button, Group, Input, Stack, TextInput } from '@mantine/core'
import { Plus, X } from 'lucide-react'

export interface LabelRow {
  key: string
  name: string
  value: string
}

let made = 0

export function newLabelRow(name = '', value = ''): LabelRow {
  made += 1
  return { key: String(made), name, value }
}

/** Rows as the API takes them; those without a name are left out. */
export function labelsOf(rows: readonly LabelRow[]): Record<string, string> {
  return Object.fromEntries(
    rows.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
  )
}

interface LabelRowsProps {
  title: string
  description?: string
  rows: LabelRow[]
  onChange: (rows: LabelRow[]) => void
}

/** Names and values that are written by hand. */
export function LabelRows({ title, description, rows, onChange }: LabelRowsProps) {
  const change = (key: string, patch: Partial<LabelRow>) =>
    onChange(rows.map((row) => (row.key === key ? { ...row, ...patch } : row)))
  return (
    <Input.Wrapper label={title} description={description} labelElement="div">
      <Stack gap={6} mt={4}>
        {rows.map(({ key, name, value }, index) => (
          <Group key={key} gap={6} wrap="nowrap">
            <TextInput
              aria-label={`Name of ${title.toLowerCase()} ${index + 1}`}
              placeholder="tenant"
              value={name}
              onChange={({ currentTarget }) => change(key, { name: currentTarget.value })}
              flex={1}
            />
            <TextInput
              aria-label={`Value of ${title.toLowerCase()} ${index + 1}`}
              placeholder="42"
              value={value}
              onChange={({ currentTarget }) => change(key, { value: currentTarget.value })}
              flex={1}
            />
            <ActionIcon
              variant="subtle"
              aria-label={`Remove ${title.toLowerCase()} ${index + 1}`}
              onClick={() => onChange(rows.filter((row) => row.key !== key))}
            >
              <X size={14} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<Plus size={13} />}
          onClick={() => onChange([...rows, newLabelRow()])}
          style={{ alignSelf: 'flex-start' }}
        >
          Add
        </Button>
      </Stack>
    </Input.Wrapper>
  )
}
