import packageJson from '../../package.json' with { type: 'json' }

export const JETHOOK_VERSION: string = packageJson.version
