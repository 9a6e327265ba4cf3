import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { Deployment } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Secret, Service, ServiceAccount } from 'kubernetes-models/v1'
import { parse } from 'yaml'
import { SETTINGS } from '#shared/runtime/config.ts'
import { type KubernetesObject, renderChart } from '../support/helm-chart.ts'
import { DEPLOY, serviceMains } from './files.ts'

const CHART = join(DEPLOY, 'helm/jethook')
const SECRETS = {
  NATS_URL: 'nats://jethook:x@nats:4222',
  DATABASE_URL: 'postgres://jethook:x@postgres/jethook',
  JETHOOK_SECRET_KEY: Buffer.alloc(32).toString('base64'),
}
/** What validates itself by Kubernetes' own schemas. */
const MODELS: Record<string, new (data: never) => { validate(): void }> = {
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  NetworkPolicy,
  PodDisruptionBudget,
  Secret,
  Service,
  ServiceAccount,
}

interface Container {
  command: string[]
  envFrom: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  ports: { name: string }[]
  securityContext: Record<string, unknown>
  resources: { limits: Record<string, string>; requests: Record<string, string> }
  volumeMounts: { name: string }[]
  [probe: string]: unknown
}

interface PodSpec {
  containers: Container[]
  securityContext: Record<string, unknown>
  volumes: { name: string }[]
}

const podOf = ({ spec }: KubernetesObject) =>
  spec!['template'] as { metadata: { labels: Record<string, string> }; spec: PodSpec }
const of = (objects: KubernetesObject[], kind: string) => objects.filter((each) => each.kind === kind)
const matches = (labels: Record<string, string>, selector: Record<string, string>) =>
  Object.entries(selector).every(([name, value]) => labels[name] === value)
const selectorOf = (spec: unknown) => (spec as { matchLabels: Record<string, string> }).matchLabels

describe('the chart', () => {
  let objects: KubernetesObject[]
  let everything: KubernetesObject[]
  before(async () => {
    objects = await renderChart(CHART, { secrets: SECRETS })
    const scaled = { enabled: true }
    everything = await renderChart(CHART, {
      existingSecret: 'mine',
      imagePullSecrets: [{ name: 'registry' }],
      podAnnotations: { note: 'x' },
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      ingress: { enabled: true, className: 'nginx', tlsSecret: 'tls', annotations: { a: 'b' } },
      monitoring: { serviceMonitor: { enabled: true, labels: { release: 'prometheus' } } },
      networkPolicy: { apiFrom: [{ podSelector: {} }], monitoringFrom: [{ namespaceSelector: {} }] },
      services: { gateway: { autoscaling: scaled }, deliverer: { autoscaling: scaled } },
    })
  })

  test("makes objects that Kubernetes' schemas allow, each once", () => {
    for (const rendered of [objects, everything]) {
      const names = rendered.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
      assert.equal(new Set(names).size, names.length)
      for (const object of rendered) {
        if (object.kind === 'ServiceMonitor') continue
        const Model = MODELS[object.kind]
        assert.ok(Model !== undefined, `a schema for ${object.kind}`)
        new Model(object as never).validate()
      }
    }
    assert.throws(() =>
      new Deployment({ ...of(objects, 'Deployment')[0]!, spec: { replicas: 'two' } } as never).validate(),
    )
  })

  test('has a deployment for every service, with the command that runs it alone', async () => {
    const commands = of(objects, 'Deployment').map((each) => podOf(each).spec.containers[0]!.command)
    const mains = [...(await serviceMains()).values()].map((main) => ['node', main])
    assert.deepEqual(commands.toSorted(byText), mains.toSorted(byText))
  })

  test('runs nothing as root, writes nowhere but in volumes, and has limits and probes', () => {
    for (const deployment of of(objects, 'Deployment')) {
      const { spec } = podOf(deployment)
      const [container] = spec.containers
      assert.equal(spec.securityContext['runAsNonRoot'], true)
      assert.equal(container!.securityContext['readOnlyRootFilesystem'], true)
      assert.equal(container!.securityContext['allowPrivilegeEscalation'], false)
      assert.deepEqual(container!.securityContext['capabilities'], { drop: ['ALL'] })
      assert.ok(container!.resources.limits['memory'] && container!.resources.requests['cpu'])
      const ports = container!.ports.map(({ name }) => name)
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
        const { httpGet } = container![probe] as { httpGet: { port: string; path: string } }
        assert.ok(ports.includes(httpGet.port))
        assert.equal(httpGet.path, probe === 'livenessProbe' ? '/live' : '/ready')
      }
      const volumes = spec.volumes.map(({ name }) => name)
      for (const { name } of container!.volumeMounts) assert.ok(volumes.includes(name))
    }
  })

  test('selects with every service, budget, policy and scaler what there is', () => {
    for (const rendered of [objects, everything]) {
      const deployments = of(rendered, 'Deployment')
      const pods = deployments.map((each) => podOf(each).metadata.labels)
      const selects = (what: string, selector: Record<string, string>, count: number) =>
        assert.equal(pods.filter((labels) => matches(labels, selector)).length, count, what)
      for (const each of deployments) selects(each.metadata.name, selectorOf(each.spec!['selector']), 1)
      for (const each of of(rendered, 'PodDisruptionBudget'))
        selects(each.metadata.name, selectorOf(each.spec!['selector']), 1)
      for (const { metadata, spec } of of(rendered, 'Service')) {
        const isOfAll = metadata.name.endsWith('-monitoring')
        selects(metadata.name, spec!['selector'] as Record<string, string>, isOfAll ? deployments.length : 1)
      }
      for (const { metadata, spec } of of(rendered, 'NetworkPolicy'))
        selects(
          metadata.name,
          selectorOf(spec!['podSelector']),
          metadata.name === 'test-jethook' ? deployments.length : 1,
        )
      const names = deployments.map(({ metadata }) => metadata.name)
      for (const { spec } of of(rendered, 'HorizontalPodAutoscaler')) {
        const target = spec!['scaleTargetRef'] as { name: string }
        assert.ok(names.includes(target.name))
        const scaled = deployments.find(({ metadata }) => metadata.name === target.name)
        assert.equal(scaled!.spec!['replicas'], undefined, 'what is scaled by itself has no fixed number')
      }
    }
    assert.equal(of(objects, 'PodDisruptionBudget').length, 4)
    assert.equal(of(everything, 'HorizontalPodAutoscaler').length, 2)
    const lag = of(everything, 'HorizontalPodAutoscaler').find(({ metadata }) => metadata.name.endsWith('deliverer'))
    assert.match(JSON.stringify(lag?.spec), /"name":"jethook_deliveries_queued"/)
  })

  test('gives settings that exist, and takes secrets from where it is told', () => {
    const [settings] = of(objects, 'ConfigMap') as unknown as { data: Record<string, string> }[]
    const [secret] = of(objects, 'Secret') as unknown as { stringData: Record<string, string> }[]
    for (const name of [...Object.keys(settings!.data), ...Object.keys(secret!.stringData)])
      assert.ok(name in SETTINGS.properties, `there is no setting ${name}`)
    assert.deepEqual(secret!.stringData, SECRETS)
    assert.equal(of(everything, 'Secret').length, 0)
    for (const deployment of of(everything, 'Deployment'))
      assert.deepEqual(podOf(deployment).spec.containers[0]!.envFrom, [
        { configMapRef: { name: 'test-jethook' } },
        { secretRef: { name: 'mine' } },
      ])
  })

  test('asks for what it can not do without', async () => {
    await assert.rejects(renderChart(CHART, {}), /Give secrets.NATS_URL, or existingSecret/)
  })

  test('has values that its own schema allows, and the schema refuses others', async () => {
    const validate = new Ajv2020().compile(
      JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as object,
    )
    const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>
    assert.ok(validate(values), JSON.stringify(validate.errors))
    assert.ok(!validate({ ...values, services: { unknown: {} } }))
    assert.ok(!validate({ ...values, settings: { STREAM_REPLICAS: 3 } }))
  })
})

function byText(a: readonly string[], b: readonly string[]): number {
  return a.join() < b.join() ? -1 : 1
}
