import { Alert, List, Text } from '@mantine/core'
import { TriangleAlert } from 'lucide-react'
import type { Schemas } from '#dashboard/api/client.ts'

type Health = Schemas['System']['status']

interface Trouble {
  name: string
  status: Health
  says: string | null
  remedy: string | null
}

/** Everything that is not well, the worst first, each with what to do. Nothing when all is well. */
export function Troubles({ system }: { system: Schemas['System'] }) {
  const troubles = troublesOf(system)
  if (troubles.length === 0) return null
  const isBad = troubles.some(({ status }) => status === 'bad')
  return (
    <Alert
      variant="light"
      color={isBad ? 'red' : 'yellow'}
      icon={<TriangleAlert size={16} />}
      title={troubles.length === 1 ? 'One thing needs you' : `${troubles.length} things need you`}
      role="status"
    >
      <List size="sm" spacing={6}>
        {troubles.map(({ name, says, remedy }) => (
          <List.Item key={name}>
            <Text span size="sm" fw={600}>
              {name}
            </Text>
            {says && `: ${says}`}
            {remedy && (
              <Text component="div" size="sm">
                {remedy}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </Alert>
  )
}

function troublesOf({ parts, streams, projections, disk }: Schemas['System']): Trouble[] {
  const all: Trouble[] = [
    ...parts,
    ...streams.map(({ name, status, remedy }) => ({ name: `Stream ${name}`, status, says: null, remedy })),
    ...projections.map(({ name, status, remedy }) => ({ name: `Projection ${name}`, status, says: null, remedy })),
    ...(disk ? [{ name: `Disk of ${disk.path}`, status: disk.status, says: null, remedy: disk.remedy }] : []),
  ]
  const weightOf = (status: Health) => (status === 'bad' ? 0 : 1)
  return all.filter(({ status }) => status !== 'ok').sort((a, b) => weightOf(a.status) - weightOf(b.status))
}
