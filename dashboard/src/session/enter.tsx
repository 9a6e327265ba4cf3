import { Loader } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useRef } from 'react'
import { api, dataOf } from '#dashboard/api/client.ts'
import { rememberLogin } from '#dashboard/api/session.ts'
import { LinkButton } from '#dashboard/shared/link-button.tsx'
import { ProblemNotice } from '#dashboard/shared/problem-notice.tsx'
import { spendCode } from './one-time-code.ts'
import { SignInFrame } from './sign-in-frame.tsx'

/** Signs in with the one-time link that `npm start` prints. */
export function Enter() {
  const navigate = useNavigate()
  const isBegun = useRef(false)
  const enter = useMutation({
    mutationFn: (code: string) => dataOf(api.POST('/api/v1/auth/one_time', { body: { code } })),
    onSuccess: (answer) => {
      rememberLogin(answer)
      void navigate({ to: '/', replace: true })
    },
  })
  const { mutate } = enter
  useEffect(() => {
    if (isBegun.current) return
    isBegun.current = true
    const code = spendCode()
    if (code === null) void navigate({ to: '/', replace: true })
    else mutate(code)
  }, [mutate, navigate])
  return (
    <SignInFrame title={enter.error ? 'This link does not work' : 'Signing in'}>
      {enter.error ? (
        <>
          <ProblemNotice error={enter.error} />
          <LinkButton to="/sign-in" variant="default">
            Sign in another way
          </LinkButton>
        </>
      ) : (
        <Loader size="sm" aria-label="Signing in" />
      )}
    </SignInFrame>
  )
}
