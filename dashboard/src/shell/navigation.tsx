import { Link, type LinkProps } from '@tanstack/react-router'
import {
  Braces,
  Building2,
  ChartNoAxesColumn,
  Gauge,
  History,
  KeyRound,
  type LucideIcon,
  MailX,
  Radio,
  ScrollText,
  Send,
  ServerCog,
  SquareStack,
  Users,
  Webhook,
  Zap,
} from 'lucide-react'
import { useWorkspace } from '#dashboard/api/workspace.ts'
import { AccountMenu } from './account-menu.tsx'
import { lastApplication } from './last-application.ts'
import { Logo } from './logo.tsx'
import classes from './navigation.module.css'
import { PaletteButton } from './palette-loader.tsx'
import { Switcher } from './switcher.tsx'

interface Entry {
  to: LinkProps['to'] & string
  label: string
  icon: LucideIcon
  /** Viewers may not see it, or can do nothing there. */
  isForEditors?: true
}

const OF_APPLICATION: Entry[] = [
  { to: '/apps/$applicationId/overview', label: 'Overview', icon: ChartNoAxesColumn },
  { to: '/apps/$applicationId/events', label: 'Events', icon: Zap },
  { to: '/apps/$applicationId/live', label: 'Live tail', icon: Radio },
  { to: '/apps/$applicationId/dead-letters', label: 'Dead letters', icon: MailX },
  { to: '/apps/$applicationId/replays', label: 'Replays', icon: History },
]
const SET_UP: Entry[] = [
  { to: '/apps/$applicationId/subscriptions', label: 'Subscriptions', icon: Webhook },
  { to: '/apps/$applicationId/event-types', label: 'Event types', icon: Braces },
  { to: '/apps/$applicationId/send', label: 'Send an event', icon: Send, isForEditors: true },
]
const OF_ORGANIZATION: Entry[] = [
  { to: '/orgs/$organizationId/applications', label: 'Applications', icon: SquareStack },
  { to: '/orgs/$organizationId/members', label: 'Members', icon: Users },
  { to: '/orgs/$organizationId/tokens', label: 'Service tokens', icon: KeyRound, isForEditors: true },
  { to: '/orgs/$organizationId/audit', label: 'Audit log', icon: ScrollText, isForEditors: true },
  { to: '/orgs/$organizationId/usage', label: 'Usage and quotas', icon: Gauge },
]

export function Navigation() {
  const { application, applications, organization, organizations } = useWorkspace()
  // A view of an organization still leads back to the application where one was.
  const back = applications.find(({ application_id }) => application_id === lastApplication()) ?? applications[0]
  const applicationId = application?.application_id ?? back?.application_id
  const organizationId = (organization ?? organizations[0])?.organization_id
  const mayEdit = (organization ?? organizations[0])?.role !== 'viewer'
  const allowed = (entries: Entry[]) => entries.filter(({ isForEditors }) => mayEdit || !isForEditors)
  return (
    <nav className={classes.navigation} aria-label="Main">
      <div className={classes.top}>
        <div className={classes.logo}>
          <Logo />
        </div>
        <Switcher />
        <PaletteButton />
      </div>
      <div className={classes.groups}>
        {applicationId && (
          <>
            <Group title="Deliveries" entries={allowed(OF_APPLICATION)} params={{ applicationId }} />
            <Group title="Set-up" entries={allowed(SET_UP)} params={{ applicationId }} />
          </>
        )}
        {organizationId && (
          <Group title="Organization" entries={allowed(OF_ORGANIZATION)} params={{ organizationId }} />
        )}
        {mayEdit && (
          <Group title="Server" entries={[{ to: '/system', label: 'System', icon: ServerCog }]} params={{}} />
        )}
        {organizations.length === 0 && (
          <Group title="Start" entries={[{ to: '/', label: 'Home', icon: Building2 }]} params={{}} />
        )}
      </div>
      <AccountMenu />
    </nav>
  )
}

function Group({ title, entries, params }: { title: string; entries: Entry[]; params: Record<string, string> }) {
  return (
    <div>
      <div className={classes.groupTitle} id={`nav-${title}`}>
        {title}
      </div>
      <ul className={classes.list} aria-labelledby={`nav-${title}`}>
        {entries.map(({ to, label, icon: Icon }) => (
          <li key={to}>
            <Link
              to={to}
              params={params as never}
              className={classes.entry}
              activeProps={{ 'data-active': true } as object}
            >
              <Icon size={16} strokeWidth={1.75} aria-hidden />
              {label}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}
