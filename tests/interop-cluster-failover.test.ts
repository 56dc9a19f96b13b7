/** Failovers in a cluster of real nodes and ours: each kind votes, each kind is promoted, by accident and by hand. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

const TIMEOUT_MS = 1500

async function startNode(program: Program, again?: Running): Promise<Running> {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', `${TIMEOUT_MS}`, '--bind', '127.0.0.1']
  for (;;) {
    const port = again?.port ?? (await freeClusterPort())
    try {
      const r = await start(program, {
        port,
        args: [...args, '--repl-diskless-sync-delay', '0'],
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
const id = (r: Running): string => cli(r.port, 'CLUSTER', 'MYID')
const info = (r: Running): string => cli(r.port, 'CLUSTER', 'INFO')
const stateOk = (r: Running): boolean => info(r).includes('cluster_state:ok')
const following = (r: Running): boolean => cli(r.port, 'INFO', 'replication').includes('master_link_status:up')
/** The log is read while we wait. */
const says = (r: Running, text: string): Promise<unknown> =>
  until(`the log to say ${text}`, () => r.output().includes(text), 5000)
const isMaster = (r: Running): boolean => cli(r.port, 'ROLE').startsWith('master')

/** Three masters with a third of the slots each, and a replica for each, of these programs. */
async function form(programs: readonly Program[]): Promise<Running[]> {
  const nodes: Running[] = []
  for (const p of programs) nodes.push(await startNode(p))
  const cuts = [0, 5461, 10923, 16384]
  for (const [i, n] of nodes.entries()) {
    cli(n.port, 'CLUSTER', 'SET-CONFIG-EPOCH', `${i + 1}`)
    if (i < 3) cli(n.port, 'CLUSTER', 'ADDSLOTSRANGE', `${cuts[i]}`, `${(cuts[i + 1] as number) - 1}`)
  }
  for (const n of nodes.slice(1)) cli((nodes[0] as Running).port, 'CLUSTER', 'MEET', '127.0.0.1', `${n.port}`)
  for (const [i, n] of nodes.entries()) {
    await until('all to be known', () => info(n).includes(`cluster_known_nodes:${nodes.length}`))
    if (i >= 3)
      await until('it to replicate', () => cli(n.port, 'CLUSTER', 'REPLICATE', id(nodes[i - 3] as Running)) === 'OK')
  }
  for (const n of nodes.slice(3)) await until('replicas to follow', () => following(n))
  for (const n of nodes) await until('the cluster to be ok', () => stateOk(n))
  const slaves = (n: Running): number => cli(n.port, 'CLUSTER', 'NODES').match(/ slave | myself,slave /g)?.length ?? 0
  for (const n of nodes) await until('all to know the replicas', () => slaves(n) === nodes.length - 3)
  return nodes
}
/** Keys of the first, second and third part of the slots. */
const KEYS = ['{b}', '{c}', '{a}']

const LAYOUTS: readonly (readonly Program[])[] = [
  ['real', 'ours', 'real', 'ours', 'real', 'ours'],
  ['ours', 'real', 'ours', 'real', 'ours', 'real'],
]
describe.skipIf(!haveRedis())('failover in a mixed cluster', () => {
  beforeAll(ensureServerBuilt)
  afterAll(stopAll)

  for (const layout of LAYOUTS)
    test(`${layout.join(', ')}: a death, a return, a handover`, { timeout: 120_000 }, async () => {
      const nodes = await form(layout)
      for (const at of [0, 1]) {
        const [master, replica] = [nodes[at] as Running, nodes[at + 3] as Running]
        const [key] = [KEYS[at] as string]
        const others = nodes.filter((n) => n !== master)
        expect(cli(master.port, 'SET', key, 'before')).toBe('OK')
        expect(cli(master.port, 'WAIT', '1', '2000')).toBe('1')
        const name = id(replica)
        master.child.kill('SIGKILL')
        await master.exited
        await until('the replica to take over', () => isMaster(replica), 15_000)
        for (const text of ["Failover election won: I'm the new master.", 'configEpoch set to '])
          await says(replica, text)
        const voters = nodes.slice(0, 3).filter((n) => n !== master)
        // Both may be needed: a majority of three masters is two.
        for (const v of voters) await says(v, `Failover auth granted to ${name} for epoch `)
        for (const n of others) await until('the cluster to be ok again', () => stateOk(n))
        expect(cli(replica.port, 'GET', key)).toBe('before')
        // It comes back as a replica of the one that was its replica.
        const back = await startNode(layout[at] as Program, master)
        nodes[at] = back
        await until('it to follow', () => !isMaster(back) && following(back), 15_000)
        await says(back, `Reconfiguring myself as a replica of ${name}`)
        expect(cli(back.port, 'GET', key)).toContain('MOVED')
        // And takes its place again, by hand, while somebody counts.
        let counted = 0
        const count = (): void => {
          for (let i = 0; i < 5; i++) {
            const r = cli(replica.port, 'INCR', `${key}n`)
            if (/^\d+$/.test(r)) counted = Number(r)
          }
        }
        count()
        await until('the cluster to be ok for it', () => stateOk(back))
        await until('it to hand over', () => cli(back.port, 'CLUSTER', 'FAILOVER') === 'OK')
        await until('it to be master', () => {
          count()
          return isMaster(back)
        })
        expect(cli(back.port, 'GET', `${key}n`)).toBe(`${counted}`)
        for (const text of [
          'Manual failover user request accepted.',
          'Received replication offset for paused master manual failover: ',
          'All master replication stream processed, manual failover can start.',
        ])
          await says(back, text)
        await says(replica, `Manual failover requested by replica ${id(back)}.`)
        await until('the other to follow, from where it was', () => following(replica))
        await says(replica, 'Successful partial resynchronization with master.')
        for (const n of nodes) await until('the cluster to be ok at the end', () => stateOk(n))
      }
    })
})
