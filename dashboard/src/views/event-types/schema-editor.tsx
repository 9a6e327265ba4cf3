import { Button, Group, Stack, Text } from '@mantine/core'
import { useMemo } from 'react'
import { Code } from '#dashboard/shared/code.tsx'
import { CodeEditor } from '#dashboard/shared/code-editor.tsx'
import { examplePayload } from '#dashboard/views/send/check-payload.ts'

const EDITOR_HEIGHT = 320

/** What a schema may look like, to begin with. */
export const FIRST_SCHEMA = JSON.stringify(
  {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['id', 'total'],
    properties: {
      id: { type: 'string', minLength: 1, examples: ['inv_1'] },
      total: { type: 'number', minimum: 0, examples: [12.5] },
      currency: { type: 'string', enum: ['EUR', 'USD'] },
    },
  },
  null,
  2,
)

export type ParsedSchema = { schema: Record<string, unknown> | boolean } | { error: string }

/** @returns What was written as a schema, or why it is none. Whether it is a valid one the server says. */
export function parseSchema(text: string): ParsedSchema {
  try {
    const schema: unknown = JSON.parse(text)
    if (typeof schema === 'boolean' || (typeof schema === 'object' && schema !== null && !Array.isArray(schema)))
      return { schema: schema as Record<string, unknown> | boolean }
    return { error: 'A schema is an object, true or false.' }
  } catch (error) {
    return { error: `It is not JSON: ${(error as Error).message}` }
  }
}

interface SchemaEditorProps {
  text: string
  onChange: (text: string) => void
}

/** A JSON Schema by hand, with a payload that fits it. */
export function SchemaEditor({ text, onChange }: SchemaEditorProps) {
  const parsed = useMemo(() => parseSchema(text), [text])
  const example = 'schema' in parsed ? JSON.stringify(examplePayload(parsed.schema), null, 2) : undefined
  return (
    <Stack gap="sm">
      <CodeEditor
        label="JSON Schema"
        description="Draft 2020-12. A payload that does not satisfy it is refused (422), with paths and reasons"
        value={text}
        onChange={onChange}
        height={EDITOR_HEIGHT}
        error={'error' in parsed ? parsed.error : undefined}
      />
      {text === '' && (
        <Group>
          <Button variant="default" onClick={() => onChange(FIRST_SCHEMA)}>
            Begin with an example
          </Button>
        </Group>
      )}
      {example !== undefined && example !== '{}' && (
        <div>
          <Text size="sm" c="dimmed" mb={4}>
            A payload may look like this
          </Text>
          <Code text={example} label="example payload" />
        </div>
      )}
    </Stack>
  )
}
