import { createRequire } from 'node:module'

/** An event of the demo: a webhook payload that GitHub documents, under an event type made from it. */
export interface DemoEvent {
  /** `github.<webhook>.<action>` */
  eventType: { service: string; resource_type: string; verb: string }
  payload: string
  labels: Record<string, string>
}

interface WebhookExamples {
  name: string
  examples: { action?: string; repository?: { full_name?: string } }[]
}

const LABEL_BYTES_MAX = 50

/** All payloads that the package `@octokit/webhooks-examples` carries for github.com. */
export function githubEvents(): DemoEvent[] {
  const webhooks = createRequire(import.meta.url)('@octokit/webhooks-examples') as WebhookExamples[]
  return webhooks.flatMap(({ name, examples }) =>
    examples.map((example) => ({
      eventType: { service: 'github', resource_type: name, verb: example.action ?? 'happened' },
      payload: JSON.stringify(example),
      labels: { source: 'github', repository: (example.repository?.full_name ?? 'none').slice(0, LABEL_BYTES_MAX) },
    })),
  )
}

export function nameOf({ service, resource_type, verb }: DemoEvent['eventType']): string {
  return `${service}.${resource_type}.${verb}`
}
