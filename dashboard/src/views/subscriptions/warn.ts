import { notifications } from '@mantine/notifications'

/** Tells what the server took, but would have somebody look at. */
export function warn(warnings: string[] | undefined): void {
  for (const message of warnings ?? [])
    notifications.show({ title: 'Look at this', message, color: 'yellow', autoClose: false })
}
