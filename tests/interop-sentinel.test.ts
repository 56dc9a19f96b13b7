/** Real Sentinels over our servers, and ours among real ones. */
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  cli,
  ensureServerBuilt,
  freePort,
  haveRedis,
  type Program,
  type Running,
  start,
  stopAll,
  until,
} from './support/processes.ts'

const conf = (masterPort: number): string =>
  [
    `sentinel monitor mymaster 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds mymaster 1000',
    'sentinel failover-timeout mymaster 10000',
    'sentinel parallel-syncs mymaster 1',
    '',
  ].join('\n')

async function deployment(
  servers: Program,
  sentinels: readonly Program[],
): Promise<{ master: Running; replicas: Running[]; sentinels: Running[] }> {
  const master = await start(servers, { args: ['--repl-diskless-sync-delay', '0'] })
  const replicas = []
  for (let i = 0; i < 2; i++)
    replicas.push(await start(servers, { args: ['--replicaof', '127.0.0.1', String(master.port)] }))
  cli(master.port, 'SET', 'k', 'v')
  for (const r of replicas) await until('replicas in sync', () => cli(r.port, 'GET', 'k') === 'v')
  const watchers = []
  for (const program of sentinels)
    watchers.push(await start(program, { sentinel: conf(master.port), port: await freePort() }))
  for (const s of watchers) {
    await until('sentinels to know each other and the replicas', () => {
      const info = cli(s.port, 'INFO', 'sentinel')
      return /status=ok,.*slaves=2,sentinels=3/.test(info)
    })
  }
  return { master, replicas, sentinels: watchers }
}

async function failOver(d: { master: Running; replicas: Running[]; sentinels: Running[] }): Promise<Running> {
  d.master.child.kill('SIGKILL')
  const addresses = await until(
    'one new master in the eyes of all',
    () => {
      const seen = d.sentinels.map((s) => cli(s.port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster').split('\n')[1])
      return new Set(seen).size === 1 && seen[0] !== String(d.master.port) ? seen : null
    },
    45_000,
  )
  const promoted = d.replicas.find((r) => String(r.port) === addresses[0]) as Running
  expect(promoted).toBeDefined()
  expect(cli(promoted.port, 'ROLE').split('\n')[0]).toBe('master')
  expect(cli(promoted.port, 'GET', 'k')).toBe('v')
  const other = d.replicas.find((r) => r !== promoted) as Running
  await until(
    'the other replica to follow',
    () => cli(other.port, 'ROLE').split('\n').slice(0, 4).join(' ') === `slave 127.0.0.1 ${promoted.port} connected`,
    30_000,
  )
  return promoted
}

describe.skipIf(!haveRedis())('Sentinel across implementations', () => {
  beforeAll(ensureServerBuilt)
  afterEach(stopAll)

  test('three real Sentinels fail our servers over', { timeout: 120_000 }, async () => {
    await failOver(await deployment('ours', ['real', 'real', 'real']))
  })

  test('our Sentinel and two real ones elect a leader together', { timeout: 120_000 }, async () => {
    const d = await deployment('real', ['ours', 'real', 'real'])
    await failOver(d)
    // Ours took part: it voted, for itself or for another.
    expect(d.sentinels[0]?.output()).toMatch(/\+vote-for-leader [0-9a-f]{40} \d+/)
  })

  test('three of our Sentinels fail real servers over', { timeout: 120_000 }, async () => {
    const d = await deployment('real', ['ours', 'ours', 'ours'])
    await failOver(d)
    // The address changes at the promotion; the leader's last events follow.
    const log = (): string => d.sentinels.map((s) => s.output()).join('\n')
    for (const event of [
      '+sdown master',
      '+odown master',
      '+elected-leader',
      '+selected-slave',
      '+promoted-slave',
      '+failover-end',
      '+switch-master',
    ]) {
      await until(event, () => log().includes(event), 30_000)
    }
  })
})
