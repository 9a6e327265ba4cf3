export type Scheme = 'hook0' | 'standard'
export type Language = 'node' | 'python' | 'go'

const HOOK0_NODE = `import express from 'express'
import { verifyWebhookSignature } from 'hook0-client'

const app = express()

app.post('/webhooks', express.raw({ type: '*/*' }), (request, response) => {
  const headers = new Headers(request.headers)
  const signature = headers.get('x-hook0-signature')
  // Throws if it is not genuine, or older than five minutes.
  verifyWebhookSignature(signature, request.body, headers, process.env.WEBHOOK_SECRET, 300)
  response.sendStatus(204)
})
`

const HOOK0_PYTHON = `import hashlib
import hmac
import time


def is_genuine(body: bytes, headers: dict[str, str], secret: str, tolerance: int = 300) -> bool:
    """Checks X-Hook0-Signature (t=…,h=…,v1=…). Names of headers are in lower case."""
    parts = dict(part.split("=", 1) for part in headers["x-hook0-signature"].split(","))
    if abs(time.time() - int(parts["t"])) > tolerance:
        return False
    names = parts.get("h", "").split()
    values = ".".join(headers.get(name, "") for name in names)
    signed = f"{parts['t']}.{parts.get('h', '')}.{values}.".encode() + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, parts.get("v1", ""))
`

const HOOK0_GO = `// IsGenuine checks X-Hook0-Signature (t=…,h=…,v1=…).
func IsGenuine(body []byte, header http.Header, secret string, tolerance time.Duration) bool {
	parts := map[string]string{}
	for _, part := range strings.Split(header.Get("X-Hook0-Signature"), ",") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	seconds, err := strconv.ParseInt(parts["t"], 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > tolerance {
		return false
	}
	values := []string{}
	for _, name := range strings.Fields(parts["h"]) {
		values = append(values, header.Get(name))
	}
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%s.%s.%s.", parts["t"], parts["h"], strings.Join(values, "."))
	mac.Write(body)
	given, err := hex.DecodeString(parts["v1"])
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}
`

const STANDARD_NODE = `import express from 'express'
import { Webhook } from 'standardwebhooks'

const app = express()
const webhook = new Webhook(process.env.WEBHOOK_SECRET) // whsec_…

app.post('/webhooks', express.raw({ type: '*/*' }), (request, response) => {
  const event = webhook.verify(request.body, request.headers) // throws if it is not genuine
  response.sendStatus(204)
})
`

const STANDARD_PYTHON = `import os

from standardwebhooks import Webhook

webhook = Webhook(os.environ["WEBHOOK_SECRET"])  # whsec_…


@app.post("/webhooks")
async def receive(request: Request):
    event = webhook.verify(await request.body(), dict(request.headers))  # raises if it is not genuine
    return Response(status_code=204)
`

const STANDARD_GO = `import standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

func receive(w http.ResponseWriter, r *http.Request) {
	webhook, _ := standardwebhooks.NewWebhook(os.Getenv("WEBHOOK_SECRET")) // whsec_…
	body, _ := io.ReadAll(r.Body)
	if err := webhook.Verify(body, r.Header); err != nil {
		http.Error(w, "not genuine", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
`

const SNIPPETS: Record<Scheme, Record<Language, string>> = {
  hook0: { node: HOOK0_NODE, python: HOOK0_PYTHON, go: HOOK0_GO },
  standard: { node: STANDARD_NODE, python: STANDARD_PYTHON, go: STANDARD_GO },
}

const SAYS: Record<Scheme, string> = {
  hook0: 'For the signature hook0-v1. WEBHOOK_SECRET is the Hook0 secret of this subscription, under Secrets.',
  standard: 'For the signature standard-v1. WEBHOOK_SECRET is the Standard Webhooks secret (whsec_…), under Secrets.',
}

export function snippetOf(scheme: Scheme, language: Language): { text: string; says: string } {
  return { text: SNIPPETS[scheme][language], says: SAYS[scheme] }
}
