import { Type } from 'typebox'

/** Any UUID form that the contract takes; it is brought to lower case with hyphens afterwards. */
const UUID_PATTERN =
  '^[0-9a-fA-F]{32}$|^([uU][rR][nN]:[uU][uU][iI][dD]:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$|^\\{[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\\}$'

const EXAMPLE_UUID = '01993f0c-2a3b-7c4d-8e5f-60718293a4b5'

/** A UUID in a request. `x-format` is the `format` of the API's description, which is not checked: the pattern is. */
export const Uuid = Type.String({ pattern: UUID_PATTERN, 'x-format': 'uuid', examples: [EXAMPLE_UUID] })
/** A UUID in an answer: lower case, with hyphens. */
export const UuidAnswer = Type.String({ 'x-format': 'uuid', examples: [EXAMPLE_UUID] })
export const Timestamp = Type.String({
  'x-format': 'date-time',
  description: 'RFC 3339, UTC',
  examples: ['2026-01-31T12:00:00.000000Z'],
})
/** Text without U+0000, which no name that is looked up can hold. */
export const StorableText = Type.String({ pattern: '^[^\\u0000]*$' })
/** Not `Type.Record`: its key pattern `.*` passes over keys that hold a line break. */
export const TextMap = Type.Unsafe<Record<string, string>>(
  Type.Object({}, { additionalProperties: Type.String(), examples: [{ tenant: 'acme' }] }),
)
export const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])
export const Int32 = Type.Integer({ 'x-format': 'int32' })
