import { Anchor, Button, Checkbox, PasswordInput, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { forget, remember, rememberLogin } from '#dashboard/api/session.ts'
import { signInRoute } from '#dashboard/routing/parents.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { SignInFrame } from './sign-in-frame.tsx'

/** By e-mail address and password, or with a token; then back to where one was. */
export function SignIn() {
  const [isByToken, setIsByToken] = useState(false)
  const { next } = signInRoute.useSearch()
  const { history } = useRouter()
  const goOn = () => history.push(isOwnAddress(next) ? next : '/')
  return (
    <SignInFrame title="Sign in" {...(next ? { note: 'Sign in to go back to where you were.' } : {})}>
      {isByToken ? <TokenForm onDone={goOn} /> : <PasswordForm onDone={goOn} />}
      <Text size="sm" c="dimmed" ta="center">
        <Anchor
          component="button"
          type="button"
          size="sm"
          c="inherit"
          underline="always"
          onClick={() => setIsByToken(!isByToken)}
        >
          {isByToken ? 'Sign in with e-mail and password' : 'Sign in with a service token'}
        </Anchor>
      </Text>
    </SignInFrame>
  )
}

/** An address of this page: nobody is led elsewhere by a link to the sign-in. */
function isOwnAddress(address: string | undefined): address is string {
  return address !== undefined && /^\/(?![/\\]|sign-in)/.test(address)
}

function PasswordForm({ onDone }: { onDone: () => void }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { email: '', password: '' } })
  const login = useMutation({
    mutationFn: (body: { email: string; password: string }) => dataOf(api.POST('/api/v1/auth/login', { body })),
    onSuccess: (answer) => {
      rememberLogin(answer)
      onDone()
    },
  })
  return (
    <form onSubmit={form.onSubmit((values) => login.mutate(values))}>
      <Stack gap="sm">
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          size="sm"
          required
          autoFocus
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          size="sm"
          required
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <ProblemNotice error={login.error} />
        <Button type="submit" size="sm" loading={login.isPending} fullWidth>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}

function TokenForm({ onDone }: { onDone: () => void }) {
  const form = useForm({ mode: 'uncontrolled', initialValues: { token: '', isKept: false } })
  const check = useMutation({
    mutationFn: async ({ token, isKept }: { token: string; isKept: boolean }) => {
      remember({ kind: 'token', accessToken: token.trim() }, isKept)
      await dataOf(api.GET('/api/v1/organizations/')).catch((error: unknown) => {
        forget()
        throw error
      })
    },
    onSuccess: onDone,
  })
  return (
    <form onSubmit={form.onSubmit((values) => check.mutate(values))}>
      <Stack gap="sm">
        <PasswordInput
          label="Service token"
          description="npm start keeps one in .jethook/credentials.json"
          placeholder="jhst_…"
          autoComplete="off"
          size="sm"
          required
          autoFocus
          key={form.key('token')}
          {...form.getInputProps('token')}
        />
        <Checkbox
          label="Keep it in this browser"
          description="Otherwise it is forgotten with this tab"
          key={form.key('isKept')}
          {...form.getInputProps('isKept', { type: 'checkbox' })}
        />
        <ProblemNotice error={check.error} />
        <Button type="submit" size="sm" loading={check.isPending} fullWidth>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}
