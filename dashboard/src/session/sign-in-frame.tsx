import { Stack, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { Logo } from '#dashboard/shell/logo.tsx'
import classes from './sign-in-frame.module.css'

export function SignInFrame({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · jethook`
  }, [title])
  return (
    <main className={classes.page}>
      <Stack gap="lg" className={classes.box!}>
        <Logo />
        <div>
          <Title order={1}>{title}</Title>
          {note && (
            <Text c="dimmed" size="sm">
              {note}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </main>
  )
}
