import { writeFile } from 'node:fs/promises'
import { openApiDocument } from '#scripts/openapi.ts'
import { API_TYPES_FILE, apiTypesOf } from './api-types.ts'

/** Writes the dashboard's types of the API anew. */
await writeFile(API_TYPES_FILE, await apiTypesOf(await openApiDocument()))
