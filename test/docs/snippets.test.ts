import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { codeBlocks } from '../support/markdown.ts'

const run = promisify(execFile)

const SECRET = `whsec_${Buffer.from('a secret of thirty-two bytes, ok').toString('base64')}`
const BODY = Buffer.from('{"total":12,"name":"ü"}')

interface Request {
  headers: Record<string, string>
  body: string
  secret: string
}

/** How a snippet becomes a program: it reads the request from `request.json` and prints `true` or `false`. */
interface Language {
  name: string
  fence: string
  command: string
  version: string[]
  args: string[]
  files(snippet: string): Record<string, string>
}

const NODE_MAIN = `
import { readFileSync } from 'node:fs'
const { headers, body, secret } = JSON.parse(readFileSync('request.json', 'utf8'))
console.log(isGenuine(headers, Buffer.from(body, 'base64'), secret))
`
const PYTHON_MAIN = `
import json
request = json.load(open("request.json"))
print(str(is_genuine(request["headers"], base64.b64decode(request["body"]), request["secret"])).lower())
`
const GO_MAIN = `package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"
)

func main() {
	var request struct {
		Headers map[string]string
		Body, Secret string
	}
	text, _ := os.ReadFile("request.json")
	json.Unmarshal(text, &request)
	headers := http.Header{}
	for name, value := range request.Headers {
		headers.Set(name, value)
	}
	body, _ := base64.StdEncoding.DecodeString(request.Body)
	fmt.Println(IsGenuine(headers, body, request.Secret, 5*time.Minute))
}
`
const RUBY_MAIN = `
require "json"
request = JSON.parse(File.read("request.json"))
puts genuine?(request["headers"], Base64.decode64(request["body"]), request["secret"])
`
const PHP_MAIN = `
$request = json_decode(file_get_contents('request.json'), true);
echo is_genuine($request['headers'], base64_decode($request['body']), $request['secret']) ? 'true' : 'false';
`
const JAVA_MAIN = `
final class Main {
    public static void main(String[] lines) throws Exception {
        java.util.Map<String, String> headers = new java.util.HashMap<>();
        for (String line : java.nio.file.Files.readAllLines(java.nio.file.Path.of("headers.txt"))) {
            headers.put(line.split("\\t")[0], line.split("\\t")[1]);
        }
        byte[] body = java.nio.file.Files.readAllBytes(java.nio.file.Path.of("body.bin"));
        System.out.println(Webhook.isGenuine(headers, body, java.nio.file.Files.readString(java.nio.file.Path.of("secret.txt")), 300));
    }
}
`

const LANGUAGES: Language[] = [
  {
    name: 'Node',
    fence: 'js',
    command: process.execPath,
    version: ['--version'],
    args: ['snippet.mjs'],
    files: (snippet) => ({ 'snippet.mjs': snippet + NODE_MAIN }),
  },
  {
    name: 'Python',
    fence: 'python',
    command: 'python3',
    version: ['--version'],
    args: ['snippet.py'],
    files: (snippet) => ({ 'snippet.py': snippet + PYTHON_MAIN }),
  },
  {
    name: 'Go',
    fence: 'go',
    command: 'go',
    version: ['version'],
    args: ['run', 'main.go', 'webhook.go'],
    files: (snippet) => ({ 'webhook.go': snippet.replace('package webhook', 'package main'), 'main.go': GO_MAIN }),
  },
  {
    name: 'Ruby',
    fence: 'ruby',
    command: 'ruby',
    version: ['--version'],
    args: ['snippet.rb'],
    files: (snippet) => ({ 'snippet.rb': snippet + RUBY_MAIN }),
  },
  {
    name: 'PHP',
    fence: 'php',
    command: 'php',
    version: ['--version'],
    args: ['snippet.php'],
    files: (snippet) => ({ 'snippet.php': snippet + PHP_MAIN }),
  },
  {
    name: 'Java',
    fence: 'java',
    command: 'java',
    version: ['--version'],
    args: ['Main.java'],
    // The class that is run stands first in a single file; imports go before it.
    files: (snippet) => {
      const [imports = '', rest = ''] = snippet.split('\nfinal class Webhook')
      return { 'Main.java': `${imports}\n${JAVA_MAIN}\nfinal class Webhook${rest}` }
    },
  },
]

let folder: string
let page: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jethook-snippets-'))
  page = await readFile(new URL('../../docs/receiving.md', import.meta.url), 'utf8')
})
after(() => rm(folder, { recursive: true, force: true }))

async function isPresent({ command, version }: Language): Promise<boolean> {
  return run(command, version).then(
    () => true,
    () => false,
  )
}

function signed(body = BODY, at = new Date(), secret = SECRET): Request {
  const id = '019a2c5e-0000-7000-8000-000000000000'
  const signature = new Webhook(secret).sign(id, at, body.toString())
  const headers = {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': signature,
  }
  return { headers, body: body.toString('base64'), secret: SECRET }
}

/** What receivers get and what has to come out: one good request, one during a change of secrets, and each way to be bad. */
function cases(): [says: string, request: Request, isGenuine: boolean][] {
  const good = signed()
  const withHeaders = (headers: Record<string, string>): Request => ({
    ...good,
    headers: { ...good.headers, ...headers },
  })
  const { 'webhook-signature': signature = '', ...unsigned } = good.headers
  const otherSecret = `whsec_${Buffer.from('another secret of 32 bytes......').toString('base64')}`
  const other = signed(BODY, new Date(), otherSecret).headers['webhook-signature']
  return [
    ['is genuine', good, true],
    ['with two signatures', withHeaders({ 'webhook-signature': `${other} ${signature}` }), true],
    ['with another body', { ...good, body: Buffer.from('{"total":13}').toString('base64') }, false],
    ['with another id', withHeaders({ 'webhook-id': 'another' }), false],
    ['signed with another secret', withHeaders({ 'webhook-signature': other ?? '' }), false],
    ['is old', signed(BODY, new Date(Date.now() - 3_600_000)), false],
    ['has no time', withHeaders({ 'webhook-timestamp': 'soon' }), false],
    ['has no signature', { ...good, headers: unsigned }, false],
  ]
}

describe('docs/receiving.md', () => {
  for (const language of LANGUAGES) {
    test(`the snippet in ${language.name} tells genuine webhooks from others`, async (t) => {
      if (!(await isPresent(language))) return t.skip(`${language.command} is not on this machine`)
      const snippet = codeBlocks(page, language.fence)[0]
      assert.ok(snippet, `a block of ${language.fence}`)
      for (const [name, content] of Object.entries(language.files(snippet)))
        await writeFile(join(folder, name), content)
      for (const [says, request, isGenuine] of cases()) {
        await writeRequest(request)
        const { stdout } = await run(language.command, language.args, { cwd: folder })
        assert.equal(stdout.trim(), String(isGenuine), `a request that ${says}`)
      }
    })
  }
})

/** As JSON, and for languages without JSON of their own in pieces. */
async function writeRequest(request: Request): Promise<void> {
  const lines = Object.entries(request.headers).map((pair) => pair.join('\t'))
  await Promise.all([
    writeFile(join(folder, 'request.json'), JSON.stringify(request)),
    writeFile(join(folder, 'headers.txt'), lines.join('\n')),
    writeFile(join(folder, 'body.bin'), Buffer.from(request.body, 'base64')),
    writeFile(join(folder, 'secret.txt'), request.secret),
  ])
}
