import type { ServerResponse } from 'node:http'
import { eventText, isWanted, type LiveEntry, type LiveFilter } from './live-rows.ts'

/** A client that has so much still to read is given nothing more until it has read half of it. */
const UNREAD_MAX_BYTES = 1_048_576

/** Writes to one client, and leaves out what it doesn't read in time: it is told how many. */
export interface LiveClient {
  write(entries: readonly LiveEntry[]): void
  /** A comment, so that whatever stands between does not close the connection. */
  beat(): void
  /** @param reason For a person, said before the end. */
  end(reason: string): void
}

type Sink = Pick<ServerResponse, 'write' | 'end' | 'writableLength'>

export function createLiveClient(sink: Sink, filter: LiveFilter): LiveClient {
  let skipped = 0
  let isBehind = false

  /** Rows that were left out are told as soon as there is room again. */
  function hasRoom(): boolean {
    isBehind = sink.writableLength > (isBehind ? UNREAD_MAX_BYTES / 2 : UNREAD_MAX_BYTES)
    if (!isBehind && skipped > 0) {
      sink.write(eventText('skipped', { count: skipped }))
      skipped = 0
    }
    return !isBehind
  }

  return {
    write(entries) {
      const wanted = entries.filter((entry) => isWanted(entry, filter))
      if (wanted.length === 0) return
      if (hasRoom()) sink.write(wanted.map(({ kind, row }) => eventText(kind, row)).join(''))
      else skipped += wanted.length
    },
    beat() {
      if (hasRoom()) sink.write(': still here\n\n')
    },
    end(reason) {
      sink.end(eventText('ended', { reason }))
    },
  }
}
