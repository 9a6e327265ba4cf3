import { Alert, List } from '@mantine/core'
import { CircleAlert } from 'lucide-react'
import { fieldErrors, ProblemError } from '#dashboard/api/problem.ts'

/** What went wrong and what to do, as the server's problem document says it. */
export function ProblemNotice({ error, title }: { error: unknown; title?: string }) {
  if (!error) return null
  const fields = fieldErrors(error)
  const document = error instanceof ProblemError ? error.document : null
  return (
    <Alert
      variant="light"
      color="red"
      icon={<CircleAlert size={16} />}
      title={title ?? document?.title ?? 'Something went wrong'}
      role="alert"
    >
      {document?.detail ?? String(error)}
      {fields.length > 0 && (
        <List size="sm" mt={4}>
          {fields.map(({ field, message }) => (
            <List.Item key={`${field} ${message}`}>
              <code>{field}</code>: {message}
            </List.Item>
          ))}
        </List>
      )}
    </Alert>
  )
}
