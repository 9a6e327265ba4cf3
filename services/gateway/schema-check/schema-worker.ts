import { parentPort, workerData } from 'node:worker_threads'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { LRUCache } from 'lru-cache'
import { compileSchema, SchemaRefusedError, violationsOf } from './compile-schema.ts'
import type { WorkerAnswer, WorkerRequest } from './messages.ts'

/** The program of the worker: compiles schemas, keeps a bounded number of them, checks payloads. */
const { compiledMax } = workerData as { compiledMax: number }
const compiled = new LRUCache<string, ValidateFunction>({ max: compiledMax })

parentPort?.on('message', (request: WorkerRequest) => parentPort?.postMessage(answer(request)))

function answer(request: WorkerRequest): WorkerAnswer {
  const { id } = request
  if (request.type === 'compile') return { id, type: 'compiled', refusal: refusalOf(request.schema) }
  const known = compiled.get(request.key)
  if (known) return { id, type: 'checked', violations: violationsOf(known, request.payload) }
  if (!('schema' in request)) return { id, type: 'unknown key' }
  const validate = compileSchema(request.schema)
  compiled.set(request.key, validate)
  return { id, type: 'checked', violations: violationsOf(validate, request.payload) }
}

function refusalOf(schema: unknown): string | null {
  try {
    compileSchema(schema)
    return null
  } catch (error) {
    if (error instanceof SchemaRefusedError) return error.message
    throw error
  }
}
