import { Button, Modal, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { ProblemNotice } from './problem-notice.tsx'

interface NameFormProps {
  isOpen: boolean
  title: string
  description?: string
  label?: string
  placeholder?: string
  initial?: string
  verb: string
  isBusy: boolean
  error: unknown
  onSubmit: (name: string) => void
  onClose: () => void
}

/** Asks for a name: of something new, or a new one. */
export function NameForm({ isOpen, title, initial = '', onClose, ...form }: NameFormProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={<Text fw={600}>{title}</Text>}>
      <Fields key={initial} initial={initial} {...form} />
    </Modal>
  )
}

type FieldsProps = Omit<NameFormProps, 'isOpen' | 'title' | 'onClose'>

function Fields({
  description,
  label = 'Name',
  placeholder,
  initial = '',
  verb,
  isBusy,
  error,
  onSubmit,
}: FieldsProps) {
  const form = useForm({ initialValues: { name: initial } })
  return (
    <form onSubmit={form.onSubmit(({ name }) => onSubmit(name))}>
      <Stack gap="sm">
        {description && <Text size="sm">{description}</Text>}
        <TextInput
          label={label}
          {...(placeholder ? { placeholder } : {})}
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
        <ProblemNotice error={error} />
        <Button type="submit" loading={isBusy}>
          {verb}
        </Button>
      </Stack>
    </form>
  )
}
