/** Why no request could be sent: found out while a connection was being made. `message` is what tenants are told. */
export class TargetError extends Error {
  override name = 'TargetError'
  readonly kind: 'invalid-target' | 'dns-failed' | 'connection-failed'

  constructor(kind: TargetError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}
