import { Menu, UnstyledButton, useMantineColorScheme } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { BookOpen, EllipsisVertical, LogOut, Monitor, Moon, Sun } from 'lucide-react'
import { session } from '#dashboard/api/session.ts'
import { useStore } from '#dashboard/api/store.ts'
import { signOut } from '#dashboard/session/sign-out.ts'
import classes from './account-menu.module.css'

const SCHEMES = [
  { value: 'light', label: 'Light', icon: Sun },
  { value: 'dark', label: 'Dark', icon: Moon },
  { value: 'auto', label: 'As the system', icon: Monitor },
] as const

/** Who is signed in, how the page looks, and the way out. */
export function AccountMenu() {
  const held = useStore(session)
  const queryClient = useQueryClient()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const isUser = held?.kind === 'user'
  return (
    <Menu width={224} position="top-start">
      <Menu.Target>
        <UnstyledButton className={classes.button!} title="Account and appearance">
          <span className={classes.names}>
            <span className={classes.name}>{isUser ? held.name : 'Service token'}</span>
            <span className={classes.email}>{isUser ? held.email : 'signed in with a token'}</span>
          </span>
          <EllipsisVertical size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Appearance</Menu.Label>
        {SCHEMES.map(({ value, label, icon: Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={14} />}
            onClick={() => setColorScheme(value)}
            fw={colorScheme === value ? 600 : 400}
            aria-current={colorScheme === value}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<BookOpen size={14} />} component="a" href="/docs" target="_blank">
          API documentation
        </Menu.Item>
        <Menu.Item leftSection={<LogOut size={14} />} onClick={() => void signOut(queryClient)}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
