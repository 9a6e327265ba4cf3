import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import { ProblemNotice } from './problem-notice.tsx'

interface ConfirmProps {
  isOpen: boolean
  title: string
  /** What will happen, and whether it can be undone. */
  children: ReactNode
  /** On the button that does it: a verb. */
  verb: string
  isHarmful?: boolean
  isBusy?: boolean
  error?: unknown
  onConfirm: () => void
  onClose: () => void
}

/** Asks before something is done that others notice. */
export function Confirm({ isOpen, title, children, verb, isHarmful, isBusy, error, onConfirm, onClose }: ConfirmProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={600}>{title}</Text>}>
      <Stack gap="md">
        <Text component="div" size="sm">
          {children}
        </Text>
        <ProblemNotice error={error} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            {...(isHarmful ? { color: 'red.9' } : {})}
            loading={isBusy ?? false}
            onClick={onConfirm}
            data-autofocus
          >
            {verb}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
