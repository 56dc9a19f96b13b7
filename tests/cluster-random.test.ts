/**
 * Three nodes that lie at random to a real node and to ours: claims, epochs, roles, UPDATE, FAIL, gossip, and commands between.
 * After each, both must know the same. More: REHASH_BUS_SEEDS=50 npx vitest run tests/cluster-random.test.ts
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyHashSlot } from '../src/engine/bytes/crc16.ts'
import { Prng } from '../src/engine/bytes/prng.ts'
import type { ClusterMessage } from '../src/engine/cluster/message.ts'
import { NODE_MASTER, NODE_SLAVE } from '../src/engine/cluster/node.ts'
import { BusLink, FakeNode, slotBits } from './support/fake-node.ts'
import {
  cli,
  ensureServerBuilt,
  freeClusterPort,
  haveRedis,
  type Program,
  type Running,
  sleep,
  start,
  stopAll,
  until,
} from './support/processes.ts'

const SEEDS = Number(process.env['REHASH_BUS_SEEDS'] ?? 1)
const STEPS = Number(process.env['REHASH_BUS_STEPS'] ?? 30)
/** Below and above every name that is drawn by lot, so that collisions of epochs end alike. */
const NAMES = [`${'0'.repeat(39)}1`, `${'f'.repeat(39)}e`, 'f'.repeat(40)] as const
const SLOTS = 12
/** A key of each of them. */
const KEYS = Array.from({ length: SLOTS }, (_, slot) => {
  for (let i = 0; ; i++) if (keyHashSlot(`k${i}`) === slot) return `k${i}`
})

type Step =
  | {
      readonly kind: 'say'
      readonly by: number
      readonly what: (me: string) => Partial<ClusterMessage> & { type: number }
    }
  | { readonly kind: 'write'; readonly argv: readonly string[] }
  | { readonly kind: 'command'; readonly argv: (me: string) => readonly string[] }

/** One thing that happens. */
function step(rng: Prng): readonly [string, Step] {
  const slots = (): number[] => Array.from({ length: SLOTS }, (_, i) => i).filter(() => rng.below(3) === 0)
  const epoch = rng.below(12)
  const by = rng.below(3)
  const who = rng.below(4)
  const name = (me: string): string => NAMES[who] ?? me
  const bits = slots()
  const slot = rng.below(SLOTS)
  switch (rng.below(10)) {
    case 0:
    case 1:
    case 2: {
      const more = { slots: slotBits(...bits), configEpoch: epoch, currentEpoch: rng.below(14) }
      return [`${by} claims ${bits} at ${epoch}`, { kind: 'say', by, what: () => ({ type: 0, ...more }) }]
    }
    case 3: {
      const more = { flags: NODE_SLAVE, configEpoch: epoch, slots: slotBits(...bits) }
      return [
        `${by} is a replica of ${who}`,
        { kind: 'say', by, what: (me) => ({ type: 0, slaveof: name(me), ...more }) },
      ]
    }
    case 4: {
      const body = { kind: 'update', configEpoch: epoch + 2, slots: slotBits(...bits) } as const
      const what = (me: string) => ({ type: 7, body: { ...body, name: name(me) } })
      return [`${by}: UPDATE of ${who}: ${bits} at ${epoch + 2}`, { kind: 'say', by, what }]
    }
    case 5:
      return [
        `${by}: FAIL of ${who}`,
        { kind: 'say', by, what: (me) => ({ type: 3, body: { kind: 'fail', name: name(me) } }) },
      ]
    case 6: {
      const flags = [NODE_MASTER, NODE_MASTER | 4, NODE_MASTER | 8, NODE_SLAVE, NODE_MASTER | 64][
        rng.below(5)
      ] as number
      const port = 1000 + rng.below(3)
      const what = (me: string) => ({
        type: 0,
        slots: slotBits(...bits),
        configEpoch: epoch,
        body: {
          kind: 'ping' as const,
          gossip: [{ name: name(me), pingSent: 0, pongReceived: 0, ip: '127.0.0.1', port, cport: 1, flags, pport: 0 }],
          extensions: [],
        },
      })
      return [`${by}: gossip of ${who}, flags ${flags}, claims ${bits} at ${epoch}`, { kind: 'say', by, what }]
    }
    case 7: {
      const requests = [
        ['ADDSLOTS', slot],
        ['DELSLOTS', slot],
        ['SETSLOT', slot, 'STABLE'],
        ['BUMPEPOCH'],
        ['FLUSHSLOTS'],
      ] as const
      const argv = (requests[rng.below(requests.length)] as readonly (string | number)[]).map(String)
      return [argv.join(' '), { kind: 'command', argv: () => ['CLUSTER', ...argv] }]
    }
    case 8: {
      const key = KEYS[slot] as string
      return [`SET ${key} (${slot})`, { kind: 'write', argv: ['SET', key, 'v'] }]
    }
    default: {
      const verb = ['IMPORTING', 'MIGRATING', 'NODE'][rng.below(3)] as string
      const argv = (me: string): string[] => ['CLUSTER', 'SETSLOT', String(slot), verb, name(me)]
      return [`SETSLOT ${slot} ${verb} ${who}`, { kind: 'command', argv }]
    }
  }
}

const OPEN = ['--cluster-require-full-coverage', 'no']
async function startNode(program: Program): Promise<Running> {
  for (;;) {
    const port = await freeClusterPort()
    try {
      const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '900000', '--bind', '127.0.0.1', ...OPEN]
      const r = await start(program, { port, args: [...args, '--loglevel', 'verbose'] })
      await until('it to be ready', () => r.output().includes('Ready to accept connections'), 5000)
      return r
    } catch {
      // The port, or the bus's, was taken: another.
    }
  }
}
class Stage {
  readonly r: Running
  readonly me: string
  readonly fakes = NAMES.map((n) => new FakeNode(n))
  readonly links: BusLink[]
  constructor(r: Running) {
    this.r = r
    this.me = cli(r.port, 'CLUSTER', 'MYID')
    this.links = this.fakes.map(() => new BusLink(r.port + 10000))
  }
  async meet(): Promise<void> {
    for (const [i, f] of this.fakes.entries()) {
      await f.listen()
      f.answer = f.message(1, { port: 7000 + i, configEpoch: 20 + i })
      ;(this.links[i] as BusLink).say(f.message(2, { port: 7000 + i, configEpoch: 20 + i }))
      await until('it to be known', () => cli(this.r.port, 'CLUSTER', 'NODES').includes(f.name))
      await until('it to have been pinged', () => f.heard.some((m) => m.type === 0))
    }
    // A master counts the masters from two seconds after its start.
    await sleep(2500)
    // From here on they speak only when told to.
    for (const f of this.fakes) f.silent = true
    for (const [by] of this.fakes.entries())
      await this.run({ kind: 'say', by, what: () => ({ type: 0, configEpoch: 20 + by }) })
  }
  async run(s: Step): Promise<string> {
    if (s.kind === 'write') return cli(this.r.port, ...s.argv).replaceAll(`:${this.r.port}`, ':MINE')
    if (s.kind === 'command') return cli(this.r.port, ...s.argv(this.me)).replaceAll(this.me, 'ME')
    const f = this.fakes[s.by] as FakeNode
    const link = this.links[s.by] as BusLink
    const m = f.message(0, { port: 7000 + s.by, ...s.what(this.me) })
    const pongs = link.got.length
    link.say(m)
    if (m.type === 0) await until('a PONG', () => link.got.length > pongs)
    else await sleep(40)
    return ''
  }
  get ok(): boolean {
    return cli(this.r.port, 'CLUSTER', 'INFO').includes('cluster_state:ok')
  }
  /** What it knows, without times and links. */
  look(): string[] {
    let nodes = cli(this.r.port, 'CLUSTER', 'NODES').replaceAll(this.me, 'ME')
    nodes = nodes.replaceAll(`:${this.r.port}@${this.r.port + 10000}`, ':MINE')
    for (const f of this.fakes) nodes = nodes.replaceAll(`@${f.port}`, '@THEIRS')
    const lines = nodes.split('\n').map((l) => {
      const w = l.split(' ')
      return [w[0], w[1], w[2], w[3], w[6], ...w.slice(8)].join(' ')
    })
    const info = cli(this.r.port, 'CLUSTER', 'INFO').split('\n')
    return [
      ...lines.sort(),
      ...info.filter((l) => /^cluster_(slots|known|size|current|my)/.test(l)).map((l) => l.trim()),
    ]
  }
  close(): void {
    for (const f of this.fakes) f.close()
    for (const l of this.links) l.socket.destroy()
  }
}

describe.skipIf(!haveRedis())('at random', () => {
  beforeAll(ensureServerBuilt)
  afterAll(stopAll)
  for (let seed = 1; seed <= SEEDS; seed++)
    test(`seed ${seed}`, { timeout: 120_000 }, async () => {
      const rng = new Prng(seed)
      const stages = [new Stage(await startNode('real')), new Stage(await startNode('ours'))] as const
      await Promise.all(stages.map((s) => s.meet()))
      const said: string[] = []
      for (let i = 0; i < STEPS; i++) {
        const [text, s] = step(rng)
        // Whether the cluster is up depends on times, too.
        if (s.kind === 'write' && !stages.every((x) => x.ok)) continue
        said.push(text)
        const [a, b] = await Promise.all(stages.map((x) => x.run(s)))
        expect(b, said.join('\n')).toBe(a)
        const real = stages[0].look()
        // A tick of the cron may come between the two: only what stays different is different.
        await until('both to agree', () => String(stages[1].look()) === String(stages[0].look()), 600).catch(() => null)
        expect(stages[1].look(), said.join('\n')).toEqual(stages[0].look())
        if (real.some((l) => l.startsWith('ME') && l.includes('slave'))) break
      }
      for (const s of stages) s.close()
      for (const s of stages) s.r.child.kill('SIGKILL')
    })
})
