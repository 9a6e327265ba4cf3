/**
 * Every problem that the API answers with: the one source of statuses, titles, `GET /errors` and the reference page.
 * Ids, statuses and order are the wire contract's.
 */
export const PROBLEMS = {
  OrganizationNameMissing: [400, 'An organization needs a name', 'Give the organization a name of 2 to 50 characters.'],
  UserAlreadyExist: [409, 'This user exists already', 'Another user is registered with this e-mail address.'],
  RegistrationDisabled: [410, 'Registration is closed', 'New users cannot be registered on this server.'],
  PasswordTooShort: [400, 'The password is too short', 'Choose a longer password.'],
  PasswordTooLong: [400, 'The password is too long', 'Choose a password of at most 100 characters.'],
  PasswordSimilarToEmail: [
    400,
    'The password resembles the e-mail address',
    'Choose a password that is unlike the e-mail address.',
  ],
  PasswordSimilarToName: [400, 'The password resembles the name', 'Choose a password that is unlike your name.'],
  PasswordTooCommon: [400, 'The password is too common', 'Choose a password that is harder to guess.'],
  PasswordNotDiverseEnough: [
    400,
    'The password has too few different characters',
    'Choose a password of more different characters.',
  ],
  OrganizationIsNotEmpty: [409, 'The organization still has applications', 'Delete its applications first.'],
  InvitedUserDoesNotExist: [404, 'There is no such user', 'Only registered users can be invited.'],
  InvitedUserAlreadyInOrganization: [409, 'The user is a member already', 'This user belongs to the organization.'],
  ApplicationNameMissing: [400, 'An application needs a name', 'Give the application a name of 2 to 50 characters.'],
  InvalidRole: [400, 'There is no such role', 'Use viewer or editor.'],
  EventTypeAlreadyExist: [409, 'This event type exists already', 'An event type of the application has this name.'],
  EventTypeDoesNotExist: [400, 'There is no such event type', 'Create the event type before it is used.'],
  UnauthorizedWorkers: [
    400,
    'These workers may not be used',
    'Leave dedicated_workers out, or name workers of the organization.',
  ],
  EventAlreadyIngested: [
    409,
    'This event was accepted before',
    'An event with this event_id was accepted already; nothing was added.',
  ],
  EventInvalidPayloadContentType: [
    400,
    'The payload content type is not known',
    'Use text/plain, application/json or application/octet-stream+base64.',
  ],
  EventInvalidBase64Payload: [400, 'The payload is not base64', 'Encode the payload in standard base64 with padding.'],
  EventInvalidJsonPayload: [400, 'The payload is not JSON', 'The payload must be the text of a JSON value.'],
  LabelsAmbiguity: [400, 'The labels are unclear', 'Give labels, or both label_key and label_value.'],
  InvalidDateRange: [400, 'The date range is not valid', 'The first day must not come after the last.'],
  AuthNoAuthorizationHeader: [401, 'No Authorization header', 'Send the header Authorization: Bearer <token>.'],
  AuthInvalidAuthorizationHeader: [
    400,
    'The Authorization header cannot be read',
    'It may hold visible ASCII characters only.',
  ],
  AuthApplicationSecretLookupError: [
    500,
    'The application secret could not be checked',
    'This is a fault of the server; try again.',
  ],
  AuthInvalidApplicationSecret: [403, 'The application secret is not valid', 'It is unknown, or it was deleted.'],
  AuthBiscuitLookupError: [500, 'The token could not be checked', 'This is a fault of the server; try again.'],
  AuthInvalidBiscuit: [403, 'The token is not valid', 'It is unknown, expired or revoked.'],
  AuthFailedLogin: [401, 'The login failed', 'E-mail address or password is wrong.'],
  AuthEmailNotVerified: [
    401,
    'The e-mail address is not verified',
    'Follow the link in the mail that was sent at registration.',
  ],
  AuthEmailAlreadyVerified: [409, 'The e-mail address is verified already', 'Nothing is left to be done.'],
  AuthFailedRefresh: [401, 'The session could not be refreshed', 'Use a refresh token.'],
  AuthEmailExpired: [401, 'The link is no longer valid', 'Ask for a new one.'],
  TooManyMembersPerOrganization: [429, 'The organization has too many members', 'The quota of members is used up.'],
  TooManyApplicationsPerOrganization: [
    429,
    'The organization has too many applications',
    'The quota of applications is used up.',
  ],
  TooManyEventsToday: [429, 'Too many events today', 'The quota of events per day is used up.'],
  TooManySubscriptionsPerApplication: [
    429,
    'The application has too many subscriptions',
    'The quota of subscriptions is used up.',
  ],
  TooManyEventTypesPerApplication: [
    429,
    'The application has too many event types',
    'The quota of event types is used up.',
  ],
  JsonPayload: [400, 'The request cannot be read', 'The request does not have the form that this endpoint takes.'],
  Validation: [422, 'Some values are not valid', 'See validation for each field.'],
  NotFound: [404, 'Not found', 'There is nothing here under this address.'],
  InternalServerError: [500, 'The server failed', 'This is a fault of the server; it has been logged.'],
  Forbidden: [403, 'Not allowed', 'The credential does not give this right, or what was asked for does not exist.'],
  RateLimited: [429, 'Too many requests', 'Wait as long as Retry-After says.'],
  ServiceUnavailable: [503, 'Not available right now', 'Try again in a few seconds.'],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>

/** Beyond the contract's list, which `GET /errors` keeps to: what only happens where the contract has no answer. */
export const ADDED_PROBLEMS = {
  Conflict: [
    409,
    'Somebody else has just changed this',
    'Nothing of this request was done. Read the present state, then decide whether to send the change again.',
  ],
  SecretRotationUnderWay: [
    409,
    'The secrets before are still in use',
    'Wait until they have expired, end them with DELETE /subscriptions/{id}/secret/previous, or rotate at once with a grace_period of "0s".',
  ],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>

const ALL_PROBLEMS = { ...PROBLEMS, ...ADDED_PROBLEMS }

export type ProblemId = keyof typeof ALL_PROBLEMS

/** What is wrong with one value of a request. */
export interface FieldError {
  code: string
  message: string | null
  params: Record<string, unknown>
}

/** Errors by field; a nested object's errors are an object of the same kind. */
export interface FieldErrors {
  [field: string]: FieldError[] | FieldErrors
}

/** RFC 9457, with the contract's two additions `id` and `validation`. */
export interface ProblemDocument {
  type: string
  id: ProblemId
  title: string
  detail: string
  status: number
  validation: FieldErrors | null
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'
const REFERENCE = 'https://documentation.hook0.com/reference/error-codes#'

/** @param more What is known beyond the table: a detail of this case, errors by field, another status of the same id. */
export function problemDocument(
  id: ProblemId,
  more: { detail?: string; validation?: FieldErrors; status?: number } = {},
): ProblemDocument {
  const [status, title, detail] = ALL_PROBLEMS[id]
  return {
    type: REFERENCE + id.toLowerCase(),
    id,
    title,
    detail: more.detail ?? detail,
    status: more.status ?? status,
    validation: more.validation ?? null,
  }
}

/** Ends a request with a problem document. */
export class ProblemError extends Error {
  override name = 'ProblemError'
  readonly document: ProblemDocument
  constructor(id: ProblemId, more: { detail?: string; validation?: FieldErrors; status?: number } = {}) {
    super(id)
    this.document = problemDocument(id, more)
  }
}
