import { Type } from 'typebox'

/** Where a setting belongs in the reference page and in `GET /environment_variables`. */
export type SettingGroup =
  | 'Web Server'
  | 'Database'
  | 'NATS'
  | 'Auth'
  | 'Email'
  | 'Quotas'
  | 'Rate Limiting'
  | 'Delivery'
  | 'Read model'
  | 'Monitoring'
  | 'General'

export interface SettingExtras {
  description: string
  group: SettingGroup
  sensitive?: boolean
}

export const text = (defaultValue: string, extras: SettingExtras) => Type.String({ default: defaultValue, ...extras })

export const integer = (defaultValue: number, range: { minimum: number; maximum: number }, extras: SettingExtras) =>
  Type.Integer({ default: defaultValue, ...range, ...extras })

export const flag = (defaultValue: boolean, extras: SettingExtras) => Type.Boolean({ default: defaultValue, ...extras })
