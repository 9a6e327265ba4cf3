import type { TSchema } from 'typebox'
import { SETTINGS } from '#shared/runtime/config.ts'
import type { SettingExtras } from '#shared/runtime/setting.ts'

type Setting = TSchema &
  SettingExtras & { default?: unknown; minimum?: number; maximum?: number; anyOf?: { const: unknown }[] }

const HEAD = `# Configuration

Settings are environment variables. Each is checked at the start, which says what is wrong and ends with code 1. A running server
lists them, with what is in force, at \`GET /api/v1/environment_variables\`. This page is made from the table that the code
reads (\`npm run docs\`).
`

/** The page of all settings, by group, as Markdown. */
export function configurationPage(): string {
  const settings = Object.entries(SETTINGS.properties as unknown as Record<string, Setting>)
  const groups = Map.groupBy(settings, ([, { group }]) => group)
  return [HEAD, ...[...groups].map(([group, members]) => section(group, members))].join('\n')
}

function section(group: string, members: [name: string, setting: Setting][]): string {
  const rows = members.map(
    ([name, setting]) => `| \`${name}\` | ${allowedOf(setting)} | ${defaultOf(setting)} | ${describe(setting)} |`,
  )
  return [`## ${group}\n`, '| setting | takes | default | |', '|---|---|---|---|', ...rows, ''].join('\n')
}

function allowedOf({ anyOf, minimum, maximum, ...setting }: Setting): string {
  if (anyOf) return anyOf.map((member) => `\`${member.const}\``).join(', ')
  const type = 'type' in setting ? setting.type : undefined
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'string') return 'text'
  const range = maximum === undefined ? `from ${minimum}` : `${minimum} to ${maximum}`
  return type === 'integer' ? `whole number, ${range}` : `number, ${range}`
}

function defaultOf({ default: value }: Setting): string {
  return value === '' || value === undefined ? 'not set' : `\`${value}\``
}

function describe({ description, sensitive }: Setting): string {
  const escaped = description.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  return sensitive ? `${escaped}. *Secret: never shown.*` : escaped
}
