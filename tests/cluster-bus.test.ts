/** Real nodes and ours in one cluster, over the bus: they meet, agree, publish, notice a death and a return. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  cli,
  ensureServerBuilt,
  freeClusterPort,
  haveRedis,
  type Program,
  type Running,
  start,
  stopAll,
  until,
} from './support/processes.ts'
import { spawn } from 'node:child_process'

const TIMEOUT_MS = 1500

async function startNode(program: Program, more: readonly string[] = [], again?: Running): Promise<Running> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', String(TIMEOUT_MS), '--bind', '127.0.0.1']
  for (;;) {
    const port = again?.port ?? (await freeClusterPort())
    try {
      const r = await start(program, {
        port,
        args: [...args, '--repl-diskless-sync-delay', '0', ...more],
        ...(again ? { dir: again.dir } : {}),
      })
      await until('it to be ready', () => r.output().includes('Ready to accept connections'), 5000)
      return r
    } catch (e) {
      // The port, or the bus's, was taken: another.
      if (again) throw e
    }
  }
}
const busLines = (r: Running): string[] => cli(r.port, 'CLUSTER', 'NODES').split('\n')
const id = (r: Running): string => cli(r.port, 'CLUSTER', 'MYID')
const lineOf = (seenBy: Running, node: string): string[] =>
  busLines(seenBy)
    .find((l) => l.startsWith(node))
    ?.split(' ') ?? []
/** Who owns what, in what epoch, as a node sees it. */
const view = (r: Running): string =>
  busLines(r)
    .map((l) => l.replace('myself,', '').split(' '))
    .map((w) => [w[0], w[1], w[2], w[3], w[6], ...w.slice(8)].join(' '))
    .sort()
    .join('\n')
const agree = (nodes: readonly Running[], what: string): Promise<unknown> =>
  until(`all nodes to agree ${what}`, () => new Set(nodes.map(view)).size === 1, 15_000)
const stateOf = (r: Running): string => /cluster_state:(\w+)/.exec(cli(r.port, 'CLUSTER', 'INFO'))?.[1] ?? ''

/** Each is a master with its share of the slots. */
async function form(programs: readonly Program[]): Promise<Running[]> {
  const nodes: Running[] = []
  for (const p of programs) nodes.push(await startNode(p))
  const share = Math.ceil(16384 / nodes.length)
  for (const [i, n] of nodes.entries())
    expect(
      cli(n.port, 'CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(Math.min(16383, (i + 1) * share - 1))),
    ).toBe('OK')
  for (const n of nodes.slice(1))
    expect(cli((nodes[0] as Running).port, 'CLUSTER', 'MEET', '127.0.0.1', String(n.port))).toBe('OK')
  await until('everybody to know everybody', () => nodes.every((n) => busLines(n).length === nodes.length), 15_000)
  await agree(nodes, 'on slots and epochs')
  const epochs = busLines(nodes[0] as Running).map((l) => l.split(' ')[6])
  expect(new Set(epochs).size).toBe(nodes.length)
  await until('the cluster to be ok', () => nodes.every((n) => stateOf(n) === 'ok'), 15_000)
  return nodes
}
/** What a subscriber of a channel hears, through the real redis-cli. */
function listen(r: Running, verb: string, channel: string): { text: () => string; stop: () => void } {
  const child = spawn('redis-cli', ['-p', String(r.port), verb, channel])
  let text = ''
  child.stdout.on('data', (d) => {
    text += d
  })
  return { text: () => text, stop: () => child.kill() }
}

describe.skipIf(!haveRedis())('one cluster of real nodes and ours', () => {
  beforeAll(ensureServerBuilt)
  afterEach(stopAll)

  for (const layout of [
    ['real', 'ours', 'real', 'ours'],
    ['ours', 'ours', 'ours'],
  ] as const)
    test(`${layout.join(', ')}: meet, publish, a death, a return`, { timeout: 120_000 }, async () => {
      const nodes = await form(layout)
      // Published at one, heard at all.
      const ears = nodes.map((n) => listen(n, 'SUBSCRIBE', 'news'))
      await until('all to listen', () => ears.every((e) => e.text().includes('subscribe')))
      for (const n of nodes) cli(n.port, 'PUBLISH', 'news', `from ${n.port}`)
      await until('all to hear all', () => ears.every((e) => nodes.every((n) => e.text().includes(`from ${n.port}`))))
      for (const e of ears) e.stop()

      // One of each kind dies and comes back.
      for (const kind of ['real', 'ours'] as const) {
        const at = layout.indexOf(kind as never)
        if (at < 0) continue
        const victim = nodes[at] as Running
        const name = id(victim)
        const others = nodes.filter((n) => n !== victim)
        victim.child.kill('SIGKILL')
        await victim.exited
        await until('all others to say FAIL', () => others.every((n) => lineOf(n, name)[2] === 'master,fail'), 15_000)
        await until('the cluster to be down for them', () => others.every((n) => stateOf(n) === 'fail'), 5_000)
        await until('the log to say so', () => {
          const said = others.map((n) => n.output())
          return (
            said.some((t) => t.includes(`Marking node ${name} as failing (quorum reached).`)) &&
            said.every((t) => t.includes(`Marking node ${name}`) || t.includes(`about ${name}`))
          )
        })
        nodes[at] = await startNode(kind, [], victim)
        await until('all others to clear it', () => others.every((n) => lineOf(n, name)[2] === 'master'), 15_000)
        const cleared = `Clear FAIL state for node ${name}: is reachable again and nobody is serving its slots after some time.`
        await until('the log to say so', () => others.every((n) => n.output().includes(cleared)))
        await until('the cluster to be ok again', () => nodes.every((n) => stateOf(n) === 'ok'), 15_000)
        await agree(nodes, 'again')
        expect(id(nodes[at] as Running)).toBe(name)
      }
    })

  test('hostnames, flags and addresses travel', { timeout: 60_000 }, async () => {
    const nodes = await form(['real', 'ours', 'ours'])
    const [real, ours] = nodes as [Running, Running]
    for (const n of [real, ours]) {
      cli(n.port, 'CONFIG', 'SET', 'cluster-announce-hostname', `h${n.port}.example.com`)
      cli(n.port, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes')
    }
    for (const n of [real, ours])
      await until('all to know its name', () =>
        nodes.every((m) => lineOf(m, id(n))[1]?.endsWith(`,h${n.port}.example.com`)),
      )
    for (const n of [real, ours])
      await until('all to know its flag', () =>
        nodes.every((m) => lineOf(m, id(n))[2]?.replace('myself,', '') === 'master,nofailover'),
      )
    for (const n of [real, ours]) cli(n.port, 'CONFIG', 'SET', 'cluster-announce-hostname', '')
    for (const n of [real, ours])
      await until('all to forget its name', () => nodes.every((m) => !lineOf(m, id(n))[1]?.includes(',')))
    for (const n of [real, ours]) cli(n.port, 'CONFIG', 'SET', 'cluster-announce-port', '7000')
    for (const n of [real, ours])
      await until('all to know its port', () => nodes.every((m) => lineOf(m, id(n))[1]?.startsWith('127.0.0.1:7000@')))
  })

  test('a node that moves to another port is followed there', { timeout: 90_000 }, async () => {
    const nodes = await form(['real', 'ours', 'ours'])
    for (const at of [0, 1]) {
      const old = nodes[at] as Running
      const name = id(old)
      const others = nodes.filter((n) => n !== old)
      old.child.kill('SIGKILL')
      await old.exited
      const port = await freeClusterPort()
      const moved = await startNode(at === 0 ? 'real' : 'ours', [], { ...old, port })
      nodes[at] = moved
      const address = `127.0.0.1:${moved.port}@${moved.port + 10000}`
      await until('all others to know where it is', () => others.every((n) => lineOf(n, name)[1] === address))
      const said = `Address updated for node ${name}, now 127.0.0.1:${moved.port}`
      await until('the log to say so', () => others.every((n) => n.output().includes(said)))
      await until('the cluster to be ok', () => nodes.every((n) => stateOf(n) === 'ok'), 20_000)
    }
  })

  test('sharded messages reach the nodes of the shard, both ways', { timeout: 60_000 }, async () => {
    const nodes = await form(['real', 'ours', 'real'])
    const [a, b] = nodes as [Running, Running]
    const replicas = [await startNode('ours'), await startNode('real')] as const
    for (const [i, r] of replicas.entries()) {
      const master = [a, b][i] as Running
      cli(a.port, 'CLUSTER', 'MEET', '127.0.0.1', String(r.port))
      await until('it to know its master', () => lineOf(r, id(master)).length > 0)
      expect(cli(r.port, 'CLUSTER', 'REPLICATE', id(master))).toBe('OK')
      await until('all to know whose it is', () => nodes.every((n) => lineOf(n, id(r))[3] === id(master)))
    }
    for (const [i, r] of replicas.entries()) {
      const master = [a, b][i] as Running
      // A channel of the shard.
      const channel = Array.from({ length: 100 }, (_, k) => `ch${k}`).find(
        (c) => Math.floor(Number(cli(a.port, 'CLUSTER', 'KEYSLOT', c)) / Math.ceil(16384 / 3)) === i,
      ) as string
      const ears = [listen(master, 'SSUBSCRIBE', channel), listen(r, 'SSUBSCRIBE', channel)]
      await until('both to listen', () => ears.every((e) => e.text().includes('ssubscribe')))
      cli(master.port, 'SPUBLISH', channel, 'to the shard')
      await until('both to hear', () => ears.every((e) => e.text().includes('to the shard')))
      for (const e of ears) e.stop()
    }
  })

  test('a node that was forgotten stays out for a minute; who left can come back by MEET', {
    timeout: 60_000,
  }, async () => {
    const nodes = await form(['ours', 'real', 'ours'])
    const extra = await startNode('ours')
    cli((nodes[0] as Running).port, 'CLUSTER', 'MEET', '127.0.0.1', String(extra.port))
    await until('all to know it', () => nodes.every((n) => lineOf(n, id(extra)).length > 0))
    for (const n of nodes) expect(cli(n.port, 'CLUSTER', 'FORGET', id(extra))).toBe('OK')
    await new Promise((resolve) => setTimeout(resolve, 3000))
    for (const n of nodes) expect(lineOf(n, id(extra))).toEqual([])
    const was = id(extra)
    expect(cli(extra.port, 'CLUSTER', 'RESET', 'HARD')).toBe('OK')
    expect(id(extra)).not.toBe(was)
    expect(busLines(extra).length).toBe(1)
    cli((nodes[1] as Running).port, 'CLUSTER', 'MEET', '127.0.0.1', String(extra.port))
    await until('all to know it by its new name', () => nodes.every((n) => lineOf(n, id(extra)).length > 0))
  })
})
