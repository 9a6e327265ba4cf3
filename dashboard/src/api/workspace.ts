import { queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { api, dataOf, type Schemas } from './client.ts'

export type Organization = Schemas['Organization']
export type Application = Schemas['Application']

const RARELY_MS = 60_000

export const organizationsQuery = queryOptions({
  queryKey: ['organizations'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/v1/organizations/', { signal })),
  staleTime: RARELY_MS,
})

export const applicationsQuery = (organizationId: string) =>
  queryOptions({
    queryKey: ['applications', organizationId],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/v1/applications/', { params: { query: { organization_id: organizationId } }, signal })),
    staleTime: RARELY_MS,
  })

export interface Workspace {
  organizations: Organization[]
  /** Of all organizations; empty while they are read. */
  applications: Application[]
  application: Application | undefined
  organization: Organization | undefined
  isLoading: boolean
  error: unknown
}

/** What the session may see, and which of it the address names. */
export function useWorkspace(): Workspace {
  const { applicationId, organizationId } = useParams({ strict: false })
  const organizations = useQuery(organizationsQuery)
  const lists = useQueries({
    queries: (organizations.data ?? []).map(({ organization_id }) => applicationsQuery(organization_id)),
  })
  const applications = lists.flatMap(({ data }) => data ?? [])
  const application = applications.find(({ application_id }) => application_id === applicationId)
  const wantedOrganization = organizationId ?? application?.organization_id
  return {
    organizations: organizations.data ?? [],
    applications,
    application,
    organization: organizations.data?.find(({ organization_id }) => organization_id === wantedOrganization),
    isLoading: organizations.isPending || lists.some(({ isPending }) => isPending),
    error: organizations.error ?? lists.find(({ error }) => error)?.error ?? null,
  }
}

/** Whether the session may change things of the organization that the address names. Viewers see no buttons for it. */
export function useMayEdit(): boolean {
  const { organization } = useWorkspace()
  return organization !== undefined && organization.role !== 'viewer'
}

/** The application that the address names: every view of an application stands below its address. */
export function useApplicationId(): string {
  const { applicationId } = useParams({ strict: false })
  if (applicationId === undefined) throw new Error('This view belongs to an application')
  return applicationId
}

export function useOrganizationId(): string {
  const { organization } = useWorkspace()
  const { organizationId } = useParams({ strict: false })
  return organizationId ?? organization?.organization_id ?? ''
}
