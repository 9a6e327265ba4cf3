import type { Socket } from 'node:net'
import { type buildConnector, Client, type Dispatcher } from 'undici'

/** Counts what comes on one connection before the body of an answer. */
export interface HeadWatch {
  /** A request goes out: `onTooLarge` is called, once, if its answer's head does not end in time. */
  begin(onTooLarge: () => void): void
  /** The head is complete. */
  end(): void
}

/** A handler that wants to know when the head of its answer is too large. */
export interface WatchingHandler extends Dispatcher.DispatchHandler {
  setHeadWatch?(watch: HeadWatch): void
}

/**
 * Bytes before the body: status line, headers with what stands between them, informational answers. undici counts names and
 * values of headers only, so that a status line could go on until the attempt's time is up.
 */
const HEAD_MAX_BYTES = 32 * 1024

/** One keep-alive connection whose handlers can watch the head of their answers. */
export class WatchedClient extends Client {
  readonly #watch: HeadWatch

  constructor(origin: URL, options: Client.Options, connect: buildConnector.connector) {
    let socket: Socket | null = null
    super(origin, {
      ...options,
      connect: (target, callback) =>
        connect(target, (...[error, opened]: buildConnector.CallbackArgs) => {
          socket = opened
          if (error === null) callback(null, opened)
          else callback(error, null)
        }),
    })
    this.#watch = createHeadWatch(() => socket)
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: WatchingHandler): boolean {
    handler.setHeadWatch?.(this.#watch)
    return super.dispatch(options, handler)
  }
}

function createHeadWatch(socketNow: () => Socket | null): HeadWatch {
  let listeningTo: Socket | null = null
  let fromBytes = 0
  let onTooLarge: (() => void) | null = null

  // Comes behind the client's own listener: what the chunk completes is complete by now.
  function onReadable(this: Socket): void {
    if (onTooLarge === null || this.bytesRead - fromBytes <= HEAD_MAX_BYTES) return
    const tell = onTooLarge
    onTooLarge = null
    tell()
  }

  return {
    begin(tell) {
      const socket = socketNow()
      if (socket === null) return
      if (socket !== listeningTo) socket.on('readable', onReadable)
      listeningTo = socket
      fromBytes = socket.bytesRead
      onTooLarge = tell
    },
    end() {
      onTooLarge = null
    },
  }
}
