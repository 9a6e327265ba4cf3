import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ProblemError } from '#dashboard/api/problem.ts'

interface ActionOptions<Input, Output> {
  run: (input: Input) => Promise<Output>
  /** What a success is told with; nothing is told without it. */
  done?: string | ((output: Output) => string)
  onDone?: (output: Output, input: Input) => void
  /** The view shows the error itself. */
  isErrorShown?: boolean
}

/** Something that changes the server: tells of success or failure, then has everything in view read anew. */
export function useAction<Input = void, Output = unknown>({
  run,
  done,
  onDone,
  isErrorShown,
}: ActionOptions<Input, Output>) {
  const queryClient = useQueryClient()
  return useMutation<Output, Error, Input>({
    mutationFn: run,
    onSuccess: (output, input) => {
      if (done) notifications.show({ message: typeof done === 'function' ? done(output) : done })
      onDone?.(output, input)
      void queryClient.invalidateQueries()
    },
    onError: (error) => {
      if (isErrorShown) return
      const title = error instanceof ProblemError ? error.document.title : 'That did not work'
      notifications.show({ title, message: error.message, color: 'red', autoClose: 10_000 })
    },
  })
}
