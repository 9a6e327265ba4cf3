import { ActionIcon, Group, Tooltip } from '@mantine/core'
import { Eye, EyeOff } from 'lucide-react'
import { useState } from 'react'
import { CopyIcon } from './copy.tsx'

const DOTS = '••••••••••••'

/** A credential that is hidden until somebody asks, and can be copied unseen. @param label What it is: "service token". */
export function SecretText({ secret, label }: { secret: string; label: string }) {
  const [isShown, setIsShown] = useState(false)
  const name = `${isShown ? 'Hide' : 'Show'} ${label}`
  return (
    <Group gap={2} wrap="nowrap" style={{ position: 'relative', zIndex: 1 }}>
      <span className="jh-mono jh-cut" title={isShown ? secret : undefined}>
        {isShown ? secret : DOTS}
      </span>
      <Tooltip label={name}>
        <ActionIcon variant="subtle" size={22} aria-label={name} onClick={() => setIsShown(!isShown)}>
          {isShown ? <EyeOff size={13} /> : <Eye size={13} />}
        </ActionIcon>
      </Tooltip>
      <CopyIcon value={secret} label={label} />
    </Group>
  )
}
