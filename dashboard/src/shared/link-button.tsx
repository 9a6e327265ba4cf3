import { Button, type ButtonProps } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, Ref } from 'react'

interface AnchorProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps>, ButtonProps {
  ref?: Ref<HTMLAnchorElement>
}

/** A link that looks like a button: it has an address, and opens in another tab like every link. */
export const LinkButton = createLink((props: AnchorProps) => <Button component="a" {...props} />)
