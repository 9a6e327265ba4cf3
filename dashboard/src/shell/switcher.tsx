import { Menu, UnstyledButton } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { Check, ChevronsUpDown, Plus } from 'lucide-react'
import { Fragment } from 'react'
import { useWorkspace } from '#dashboard/api/workspace.ts'
import { lastApplication } from './last-application.ts'
import classes from './switcher.module.css'

/** Which application is looked at, and of which organization. */
export function Switcher() {
  const { organizations, applications, application, organization, isLoading } = useWorkspace()
  const navigate = useNavigate()
  const shown = application ?? applications.find(({ application_id }) => application_id === lastApplication())
  const owner = organization ?? organizations.find(({ organization_id }) => organization_id === shown?.organization_id)
  return (
    <Menu width={256} position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={classes.button!} title="Switch application">
          <span className={classes.mark} aria-hidden>
            {(shown?.name ?? '?').charAt(0).toUpperCase()}
          </span>
          <span className={classes.names}>
            <span className={classes.application}>{shown?.name ?? (isLoading ? '…' : 'No application')}</span>
            <span className={classes.organization}>{owner?.name ?? organizations[0]?.name ?? '…'}</span>
          </span>
          <ChevronsUpDown size={14} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu!}>
        {organizations.map(({ organization_id, name, role }) => (
          <Fragment key={organization_id}>
            <Menu.Label>
              {name}
              {role === 'viewer' && ' (viewer)'}
            </Menu.Label>
            {applications
              .filter((each) => each.organization_id === organization_id)
              .map((each) => (
                <Menu.Item
                  key={each.application_id}
                  onClick={() =>
                    void navigate({
                      to: '/apps/$applicationId/overview',
                      params: { applicationId: each.application_id },
                    })
                  }
                  rightSection={each.application_id === shown?.application_id && <Check size={14} />}
                >
                  {each.name}
                </Menu.Item>
              ))}
            {role !== 'viewer' && (
              <Menu.Item
                leftSection={<Plus size={14} />}
                onClick={() =>
                  void navigate({
                    to: '/orgs/$organizationId/applications',
                    params: { organizationId: organization_id },
                  })
                }
              >
                Manage applications
              </Menu.Item>
            )}
          </Fragment>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
