import type { Credentials } from './credentials.ts'

const EVENT_TYPE = { service: 'demo', resource_type: 'hello', verb: 'sent' }
export const FIRST_EVENT_TYPE = 'demo.hello.sent'
const DESCRIPTION = 'Prints webhooks in the terminal of npm start'

interface Subscription {
  subscription_id: string
  description: string | null
}

/** Sees to it that the seeded application has an event type, and that its events go to the echo receiver of this run. */
export async function prepareFirstSteps(credentials: Credentials, receiverUrl: string): Promise<void> {
  const { application_id } = credentials
  const call = caller(credentials)
  await call('POST', '/event_types', { application_id, ...EVENT_TYPE })
  const post = {
    application_id,
    is_enabled: true,
    description: DESCRIPTION,
    event_types: [FIRST_EVENT_TYPE],
    labels: { all: 'yes' },
    target: { type: 'http', method: 'POST', url: receiverUrl, headers: {} },
    max_retries: 3,
  }
  const subscriptions = (await call('GET', `/subscriptions?application_id=${application_id}`)) as Subscription[]
  const own = subscriptions.find(({ description }) => description === DESCRIPTION)
  if (own) await call('PUT', `/subscriptions/${own.subscription_id}`, post)
  else await call('POST', '/subscriptions', post)
}

function caller({ api_url, service_token }: Credentials) {
  return async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${api_url}${path}`, {
      method,
      headers: { authorization: `Bearer ${service_token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok)
      throw new Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`)
    return response.json()
  }
}

/** One command that delivers something to see. */
export function firstCurl({ api_url, application_id }: Credentials): string {
  const event = {
    application_id,
    event_type: FIRST_EVENT_TYPE,
    payload: '{"hello":"world"}',
    payload_content_type: 'application/json',
    occurred_at: new Date().toISOString(),
    labels: { all: 'yes' },
  }
  return [
    `curl -X POST ${api_url}/event \\`,
    `  -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -d '${JSON.stringify(event)}'`,
  ].join('\n')
}
