/** One event of a server-sent stream: its name, and its data as text. */
export interface ServerEvent {
  name: string
  data: string
}

/** Cuts a text/event-stream into events; comments and fields other than `event` and `data` count for nothing. */
export async function* readEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader()
  let rest = ''
  try {
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      const blocks = (rest + value).replaceAll('\r\n', '\n').split('\n\n')
      rest = blocks.pop() ?? ''
      for (const block of blocks) {
        const event = parseBlock(block)
        if (event) yield event
      }
    }
  } finally {
    reader.releaseLock()
  }
}

function parseBlock(block: string): ServerEvent | undefined {
  let name = 'message'
  const data: string[] = []
  for (const line of block.split('\n')) {
    const [field, ...value] = line.split(':')
    const text = value.join(':').replace(/^ /, '')
    if (field === 'event') name = text
    else if (field === 'data') data.push(text)
  }
  return data.length > 0 ? { name, data: data.join('\n') } : undefined
}
