import { SegmentedControl, Stack } from '@mantine/core'
import { useState } from 'react'
import { Code } from '#dashboard/shared/code.tsx'
import { Section } from '#dashboard/shared/page.tsx'
import type { Subscription } from './subscription-queries.ts'
import { type Language, type Scheme, snippetOf } from './verify-snippets.ts'

interface Props {
  subscription: Subscription
}

/** Code for a receiver that checks the signature; the secret comes from its environment. */
export function VerifyTab({ subscription }: Props) {
  const isStandard = subscription.signatures?.some((each) => each.startsWith('standard')) ?? false
  const [scheme, setScheme] = useState<Scheme>(isStandard ? 'standard' : 'hook0')
  const [language, setLanguage] = useState<Language>('node')
  const { text, says } = snippetOf(scheme, language)
  return (
    <Section title="Verify in a receiver" description={says}>
      <Stack gap="sm" maw={860}>
        <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8 }}>
          <SegmentedControl
            aria-label="Signature"
            value={scheme}
            onChange={(next) => setScheme(next as Scheme)}
            data={[
              { value: 'hook0', label: 'Hook0' },
              { value: 'standard', label: 'Standard Webhooks' },
            ]}
          />
          <SegmentedControl
            aria-label="Language"
            value={language}
            onChange={(next) => setLanguage(next as Language)}
            data={[
              { value: 'node', label: 'Node' },
              { value: 'python', label: 'Python' },
              { value: 'go', label: 'Go' },
            ]}
          />
        </div>
        <Code text={text} label="verification code" isTall />
      </Stack>
    </Section>
  )
}
