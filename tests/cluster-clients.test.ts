/** Cluster clients from npm against a small cluster of the built rehash-server: ioredis and node-redis, also while a slot moves. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { createCluster } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureServerBuilt, freeClusterPorts, sleep, start, stopAll, until } from './support/processes.ts'
import { nodeId, nodesConf, parseLayout } from './transcripts/layout.ts'

const layout = parseLayout('a=0-5460 b=5461-10922 c=10923-16383 d>a e>b f>c')
let ports: number[] = []
let direct: Redis[] = []
const open: (() => unknown)[] = []

const ask = (node: number, ...argv: [string, ...string[]]): Promise<unknown> =>
  (direct[node] as Redis).call(...argv) as Promise<unknown>

function ioredis(options: Record<string, unknown> = {}): Cluster {
  const c = new Cluster([{ host: '127.0.0.1', port: ports[0] as number }], options)
  c.on('error', () => {})
  open.push(() => c.disconnect())
  return c
}
async function nodeRedis(options: Record<string, unknown> = {}) {
  const c = createCluster({ rootNodes: [{ url: `redis://127.0.0.1:${ports[0]}` }], ...options })
  c.on('error', () => {})
  await c.connect()
  open.push(() => c.destroy())
  return c
}
/** The steps of moving a slot, as a person would type them; `between` runs after each. */
async function move(
  slot: number,
  from: number,
  to: number,
  between: () => Promise<void> = async () => {},
): Promise<void> {
  const [source, target] = ['a', 'b', 'c'].map(nodeId) as [string, string]
  const name = (i: number): string => (i === 0 ? source : target)
  await ask(to, 'CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', name(from))
  await between()
  await ask(from, 'CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', name(to))
  await between()
  for (;;) {
    const keys = (await ask(from, 'CLUSTER', 'GETKEYSINSLOT', String(slot), '3')) as string[]
    if (keys.length === 0) break
    expect(await ask(from, 'MIGRATE', '127.0.0.1', String(ports[to]), '', '0', '5000', 'KEYS', ...keys)).toBe('OK')
    await between()
  }
  await ask(to, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', name(to))
  await between()
  await ask(from, 'CLUSTER', 'SETSLOT', String(slot), 'NODE', name(to))
}

describe('cluster clients from npm', () => {
  beforeAll(async () => {
    ensureServerBuilt()
    ports = await freeClusterPorts(layout.nodes.length)
    await Promise.all(
      ports.map((port, i) => {
        const dir = mkdtempSync(join(tmpdir(), 'rehash-t-'))
        writeFileSync(join(dir, 'nodes.conf'), nodesConf(layout, i, ports))
        const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000', '--repl-diskless-sync-delay', '0']
        return start('ours', { port, dir, args })
      }),
    )
    direct = ports.map((port) => new Redis({ host: '127.0.0.1', port, maxRetriesPerRequest: 1 }))
    for (const [i, node] of direct.entries()) {
      open.push(() => node.disconnect())
      await until(`node ${i} to see the cluster ok`, async () =>
        String(await ask(i, 'CLUSTER', 'INFO')).includes('cluster_state:ok'),
      )
    }
    for (const i of [3, 4, 5])
      await until(`replica ${i}`, async () => String(await ask(i, 'INFO', 'replication')).includes('link_status:up'))
  }, 60_000)
  afterAll(async () => {
    for (const close of open) {
      try {
        await close()
      } catch {}
    }
    stopAll()
  })

  test('ioredis: keys go to their nodes; pipelines of one slot; what crosses slots is refused', async () => {
    const c = ioredis()
    const n = 300
    await Promise.all(Array.from({ length: n }, (_, i) => c.set(`key:${i}`, String(i))))
    const values = await Promise.all(Array.from({ length: n }, (_, i) => c.get(`key:${i}`)))
    expect(values).toEqual(Array.from({ length: n }, (_, i) => String(i)))
    const sizes = await Promise.all([0, 1, 2].map((i) => ask(i, 'DBSIZE')))
    expect(sizes.reduce((sum: number, size) => sum + Number(size), 0)).toBe(n)
    expect(Math.min(...sizes.map(Number))).toBeGreaterThan(50)
    const piped = await c.pipeline().set('{t}a', '1').incr('{t}a').lpush('{t}l', 'x').get('{t}a').exec()
    expect(piped?.map(([e, v]) => e?.message ?? v)).toEqual(['OK', 2, 1, '2'])
    const transaction = await c.multi().incr('{t}a').get('{t}a').exec()
    expect(transaction?.map(([, v]) => v)).toEqual([3, '3'])
    await expect(c.mset('foo', 1, 'bar', 2)).rejects.toThrow("CROSSSLOT Keys in request don't hash to the same slot")
    expect(await c.mset('{x}1', 1, '{x}2', 2)).toBe('OK')
    expect(await c.eval("return redis.call('get', KEYS[1])", 1, '{x}2')).toBe('2')
  })

  test('ioredis: reads from replicas', async () => {
    await ioredis().set('foo', 'on-the-replica')
    // A replica is named once it has told of data.
    await until('the replica of c to be named', async () =>
      JSON.stringify(await ask(0, 'CLUSTER', 'SLOTS')).includes(nodeId('f')),
    )
    const c = ioredis({ scaleReads: 'slave' })
    await until('the replica to have it', async () => (await c.get('foo')) === 'on-the-replica')
    const calls = String(await ask(5, 'INFO', 'commandstats'))
    expect(calls).toMatch(/cmdstat_get:calls=[1-9]/)
    expect(calls).toMatch(/cmdstat_readonly:calls=[1-9]/)
  })

  test('node-redis: values, transactions, scripts, sharded publish/subscribe', async () => {
    const c = await nodeRedis()
    await Promise.all(Array.from({ length: 100 }, (_, i) => c.set(`n:${i}`, String(i))))
    expect(await Promise.all(Array.from({ length: 100 }, (_, i) => c.get(`n:${i}`)))).toEqual(
      Array.from({ length: 100 }, (_, i) => String(i)),
    )
    expect(await c.multi().set('{m}a', '1').incr('{m}a').exec()).toEqual(['OK', 2])
    const heard: string[] = []
    await c.sSubscribe('bar', (message) => heard.push(message))
    expect(await c.sPublish('bar', 'one')).toBe(1)
    await until('the message', () => heard.length === 1)
    expect(heard).toEqual(['one'])
    await c.sUnsubscribe('bar')
  })

  test('a slot moves while both clients write to it: what was acknowledged is there, once', async () => {
    const io = ioredis()
    const node = await nodeRedis()
    const keys = Array.from({ length: 10 }, (_, i) => `{bar}move:${i}`)
    const acknowledged = new Map<string, number>()
    const bump = async (key: string, by: () => Promise<unknown>): Promise<void> => {
      await by()
      acknowledged.set(key, (acknowledged.get(key) ?? 0) + 1)
    }
    let stop = false
    const load = (incr: (key: string) => Promise<unknown>): Promise<void> =>
      (async () => {
        for (let i = 0; !stop; i++) {
          const key = keys[i % keys.length] as string
          await bump(key, () => incr(key))
        }
      })()
    const loads = [load((key) => io.incr(key)), load((key) => node.incr(key))]
    await until('some writes', () => acknowledged.size === keys.length)
    await move(5061, 0, 1, () => sleep(10))
    await sleep(100)
    stop = true
    await Promise.all(loads)
    const there = (await ask(1, 'MGET', ...(keys as [string, ...string[]]))) as string[]
    expect(there.map(Number)).toEqual(keys.map((key) => acknowledged.get(key)))
    expect(await ask(0, 'CLUSTER', 'COUNTKEYSINSLOT', '5061')).toBe(0)
    await expect(ask(0, 'GET', keys[0] as string)).rejects.toThrow(`MOVED 5061 127.0.0.1:${ports[1]}`)
  }, 30_000)

  test('node-redis: a subscription to a shard channel follows its slot', async () => {
    const c = await nodeRedis()
    const heard: string[] = []
    await c.sSubscribe('foo{bar}', (message) => heard.push(message))
    await c.sPublish('foo{bar}', 'one')
    await until('the first message', () => heard.includes('one'))
    // 5061 is node b's by now, and comes back.
    const to = nodeId('a')
    await ask(0, 'CLUSTER', 'SETSLOT', '5061', 'IMPORTING', nodeId('b'))
    const keys = (await ask(1, 'CLUSTER', 'GETKEYSINSLOT', '5061', '100')) as string[]
    await ask(1, 'CLUSTER', 'SETSLOT', '5061', 'MIGRATING', to)
    expect(await ask(1, 'MIGRATE', '127.0.0.1', String(ports[0]), '', '0', '5000', 'KEYS', ...keys)).toBe('OK')
    await ask(0, 'CLUSTER', 'SETSLOT', '5061', 'NODE', to)
    await ask(1, 'CLUSTER', 'SETSLOT', '5061', 'NODE', to)
    await until('a message over the new owner', async () => {
      await c.sPublish('foo{bar}', 'two').catch(() => {})
      return heard.includes('two')
    })
  }, 30_000)
})
