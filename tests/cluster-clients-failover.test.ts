/**
 * ioredis and node-redis write without pause while a slot moves, a master hands over and masters die, on Rehash nodes and
 * on real and Rehash nodes mixed. Every write is awaited, and tried again when it fails. What must hold: moving and handing
 * over lose nothing; a death loses at most writes of its shard, told to nobody, of the last moment before it, and none that
 * WAIT had seen at a replica; each client writes to each shard again.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
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
import { nodesConf, parseLayout } from './transcripts/layout.ts'

const layout = parseLayout('a=0-5460 b=5461-10922 c=10923-16383 d>a e>b f>c')
/** A tag in each third of the slots, and one in a slot of the first that moves to the second and back. */
const TAGS = ['{b}', '{c}', '{a}', '{bar}']
const MOVING = 5061
/** What a master may not have passed on yet when it dies. */
const WINDOW_MS = 1000
const ours: readonly Program[] = ['ours', 'ours', 'ours', 'ours', 'ours', 'ours']
/** Of the first shard the master is real and its replica ours, of the second the other way. */
const mixed: readonly Program[] = ['real', 'ours', 'real', 'ours', 'real', 'ours']

interface Write {
  readonly key: string
  readonly at: number
  /** WAIT told that a replica has it. */
  readonly kept: boolean
}
interface Node {
  readonly program: Running
  readonly redis: Redis
}
type Set = (key: string, value: string) => Promise<unknown>
/** Sets, then waits for a replica, on one connection: the number of replicas. */
type SetAndWait = (key: string, value: string) => Promise<number>
const call = ({ redis }: Node, ...argv: [string, ...string[]]): Promise<unknown> =>
  redis.call(...argv) as Promise<unknown>

/** One who writes key after key under a tag. A write that fails or takes long is tried again. */
class Writer {
  readonly acknowledged: Write[] = []
  failures: string[] = []
  readonly name: string
  readonly tag: string
  private readonly set: Set
  private readonly setAndWait: SetAndWait | null
  constructor(name: string, tag: string, set: Set, setAndWait: SetAndWait | null) {
    this.name = name
    this.tag = tag
    this.set = set
    this.setAndWait = setAndWait
  }
  async run(stopped: () => boolean): Promise<void> {
    for (let n = 0; !stopped(); n++) {
      const key = `${this.tag}${this.name}:${n}`
      while (!stopped()) {
        try {
          this.acknowledged.push({ key, kept: await this.once(key, String(n)), at: Date.now() })
          break
        } catch (error) {
          this.failures.push(String(error))
          await sleep(20)
          // A plain write: by its redirection clients learn the new map.
          if (this.setAndWait !== null) await within(this.set(key, String(n))).catch(() => {})
        }
      }
      await sleep(3)
    }
  }
  private async once(key: string, value: string): Promise<boolean> {
    if (this.setAndWait !== null) return (await within(this.setAndWait(key, value))) >= 1
    expect(await within(this.set(key, value))).toBe('OK')
    return false
  }
}
async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer')), 2000)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

async function form(programs: readonly Program[]): Promise<Node[]> {
  const ports: number[] = []
  while (ports.length < programs.length) {
    // Bus ports below those that the system gives to clients.
    const port = await freeClusterPort()
    if (!ports.includes(port)) ports.push(port)
  }
  const nodes = await Promise.all(
    programs.map(async (program, i) => {
      const dir = mkdtempSync(join(tmpdir(), 'rehash-t-'))
      writeFileSync(join(dir, 'nodes.conf'), nodesConf(layout, i, ports))
      const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500', '--repl-diskless-sync-delay', '0']
      const running = await start(program, { port: ports[i] as number, dir, args })
      const redis = new Redis({ port: running.port, retryStrategy: () => null, maxRetriesPerRequest: 1 })
      redis.on('error', () => {})
      return { program: running, redis }
    }),
  )
  for (const n of nodes) await ok(n)
  for (const n of nodes.slice(3)) await until('replicas to follow', () => follows(n))
  // A replica is named once it has told of data.
  await until('all replicas to be named', async () =>
    /^(?=.*d{40})(?=.*e{40})(?=.*f{40})/s.test(await slotsOf(nodes[0])),
  )
  return nodes
}
const slotsOf = async (n: Node | undefined): Promise<string> =>
  JSON.stringify(await call(n as Node, 'CLUSTER', 'SLOTS'))
const info = async (n: Node): Promise<string> => String(await call(n, 'INFO', 'replication'))
const follows = async (n: Node): Promise<boolean> => (await info(n)).includes('master_link_status:up')
const isMaster = async (n: Node): Promise<boolean> => (await info(n)).includes('role:master')
const ok = (n: Node): Promise<unknown> =>
  until('the cluster to be ok', async () => String(await call(n, 'CLUSTER', 'INFO')).includes('cluster_state:ok'))

/** The steps of moving a slot, key by key. */
async function move(slot: number, from: Node, to: Node): Promise<void> {
  const source = String(await call(from, 'CLUSTER', 'MYID'))
  const target = String(await call(to, 'CLUSTER', 'MYID'))
  await call(to, 'CLUSTER', 'SETSLOT', `${slot}`, 'IMPORTING', source)
  await call(from, 'CLUSTER', 'SETSLOT', `${slot}`, 'MIGRATING', target)
  for (;;) {
    const keys = (await call(from, 'CLUSTER', 'GETKEYSINSLOT', `${slot}`, '20')) as string[]
    if (keys.length === 0) break
    await call(from, 'MIGRATE', '127.0.0.1', `${to.program.port}`, '', '0', '5000', 'KEYS', ...keys)
    await sleep(2)
  }
  await call(to, 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)
  await call(from, 'CLUSTER', 'SETSLOT', `${slot}`, 'NODE', target)
}

async function writersOf(port: number, close: (() => unknown)[]): Promise<Writer[]> {
  const io = new Cluster([{ host: '127.0.0.1', port }], { slotsRefreshTimeout: 2000 })
  io.on('error', () => {})
  close.push(() => io.disconnect())
  const node = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${port}` }] })
  node.on('error', () => {})
  await node.connect()
  close.push(() => node.destroy())
  const clients: [string, Set, SetAndWait][] = [
    [
      'ioredis',
      (key, value) => io.set(key, value),
      async (key, value) => {
        const replies = (await io.pipeline().set(key, value).wait(1, 200).exec()) ?? []
        for (const [error] of replies) if (error) throw error
        return Number(replies[1]?.[1])
      },
    ],
    [
      'node-redis',
      (key, value) => node.set(key, value),
      async (key, value) =>
        Number((await node.multi().set(key, value).addCommand(key, false, ['WAIT', '1', '200']).execAsPipeline())[1]),
    ],
  ]
  return clients.flatMap(([name, set, wait]) =>
    TAGS.flatMap((tag) => [new Writer(name, tag, set, null), new Writer(`${name}+wait`, tag, set, wait)]),
  )
}

/** Which of the acknowledged writes are nowhere, as the owners of their slots say. */
async function lost(writers: readonly Writer[], port: number): Promise<(Write & { tag: string })[]> {
  const io = new Cluster([{ host: '127.0.0.1', port }])
  try {
    const missing: (Write & { tag: string })[] = []
    for (const w of writers) {
      for (let i = 0; i < w.acknowledged.length; i += 500) {
        const part = w.acknowledged.slice(i, i + 500)
        const values = await io.mget(...part.map((a) => a.key))
        part.forEach((a, j) => {
          if (values[j] !== a.key.replace(/.*:/, '')) missing.push({ ...a, tag: w.tag })
        })
      }
    }
    return missing
  } finally {
    io.disconnect()
  }
}

describe('cluster clients from npm write on', () => {
  beforeAll(ensureServerBuilt)
  const close: (() => unknown)[] = []
  afterEach(async () => {
    for (const c of close.splice(0)) {
      try {
        await c()
      } catch {}
    }
    stopAll()
  })

  for (const [what, programs, deaths] of [
    ['Rehash nodes', ours, [0]],
    ['real and Rehash nodes', mixed, [0, 1]],
  ] as const) {
    // One after the other: twelve servers at once keep two cores busy for longer than a node waits for a PONG.
    const run = programs === mixed && !haveRedis() ? test.skip : test
    run(`${what}: a slot moves, a master hands over, masters die`, { timeout: 120_000 }, async () => {
      const nodes = await form(programs)
      const [a, b, c, d] = nodes as [Node, Node, Node, Node, Node, Node]
      for (const n of nodes) close.push(() => n.redis.disconnect())
      const writers = await writersOf(c.program.port, close)
      let stop = false
      const work = Promise.all(writers.map((w) => w.run(() => stop)))
      /** Each writes again, several times. */
      const resumed = async (): Promise<void> => {
        const from = Date.now()
        for (const w of writers)
          await until(`${w.name} to write to ${w.tag} again; ${w.failures.slice(-3)}`, () =>
            w.acknowledged.slice(-5).every((x) => x.at > from),
          )
      }
      const failures = (): string[] => writers.filter((w) => !w.name.endsWith('wait')).flatMap((w) => w.failures)
      await until('some writes', () => writers.every((w) => w.acknowledged.length > 20))

      // A slot moves, there and back.
      await move(MOVING, a, b)
      await resumed()
      await move(MOVING, b, a)
      await resumed()
      expect(await call(b, 'CLUSTER', 'COUNTKEYSINSLOT', `${MOVING}`)).toBe(0)
      expect(failures()).toEqual([])

      // The first master hands over to its replica, and takes back.
      for (const [from, to] of [
        [a, d],
        [d, a],
      ] as const) {
        expect(await call(to, 'CLUSTER', 'FAILOVER')).toBe('OK')
        await until('it to take over', () => isMaster(to))
        await resumed()
        await until('the other to follow', () => follows(from))
        // The others know that from its next ping, and have no ear and no vote for who asks before.
        const slave = new RegExp(`^${String(await call(from, 'CLUSTER', 'MYID'))} \\S+ \\S*slave `, 'm')
        for (const n of nodes)
          await until('all to know', async () => slave.test(String(await call(n, 'CLUSTER', 'NODES'))))
      }
      // Here failures are told: who is in WAIT at a master that hands over is disconnected, and so are those who share its socket.
      expect(await lost(writers, c.program.port)).toEqual([])

      // Masters die.
      const before = new Set<string>()
      for (const at of deaths) {
        const [master, replica] = [nodes[at], nodes[at + 3]] as [Node, Node]
        const died = Date.now()
        master.program.child.kill('SIGKILL')
        await until('its replica to be elected', () => isMaster(replica))
        for (const n of nodes.slice(at + 1)) await ok(n)
        await resumed()
        const tags = at === 0 ? ['{b}', '{bar}'] : ['{c}']
        const gone = await lost(writers, c.program.port)
        expect(gone.filter((w) => w.kept)).toEqual([])
        expect(gone.filter((w) => w.at > died)).toEqual([])
        // What the death before took is counted already.
        const now = gone.filter((w) => !before.has(w.key))
        expect(now.filter((w) => !tags.includes(w.tag) || w.at < died - WINDOW_MS)).toEqual([])
        for (const w of now) before.add(w.key)
      }
      stop = true
      await work
    })
  }
})
