/** The config file that a Sentinel rewrites, and what it answers, beside the real one: the same lines after the same history. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { cli, ensureServerBuilt, haveRedis, type Running, sleep, start, stopAll, until } from './support/processes.ts'

interface History {
  readonly conf: (master: number, replica: number) => string
  readonly commands: readonly (readonly string[])[]
  /** Kill the master, and wait until the replica has been promoted. */
  readonly failover?: boolean
}
const monitor = (master: number): string => `sentinel monitor mymaster 127.0.0.1 ${master} 1`
const HISTORIES: Readonly<Record<string, History>> = {
  'nothing but monitor': { conf: (m) => `${monitor(m)}\n`, commands: [] },
  'a full file with comments, then SENTINEL SET': {
    conf: (m) =>
      `# mine\ndaemonize no\n\nloglevel notice\nsentinel deny-scripts-reconfig yes\nacllog-max-len 128\n${monitor(m)}\nsentinel down-after-milliseconds mymaster 5000\nsentinel parallel-syncs mymaster 1\nsentinel failover-timeout mymaster 180000\nsentinel resolve-hostnames no\nsentinel announce-hostnames no\n# the end\n`,
    commands: [
      ['sentinel', 'set', 'mymaster', 'quorum', '3'],
      ['sentinel', 'set', 'mymaster', 'down-after-milliseconds', '30000', 'parallel-syncs', '2'],
      ['sentinel', 'set', 'mymaster', 'auth-user', 'u'],
      ['sentinel', 'set', 'mymaster', 'nope', '1'],
    ],
  },
  'SENTINEL CONFIG SET, MONITOR, REMOVE, RESET': {
    conf: (m) =>
      `sentinel myid 1111111111111111111111111111111111111111\nmaxclients 100\nprotected-mode no\n${monitor(m)}\n`,
    commands: [
      ['sentinel', 'monitor', 'again', '127.0.0.1', '1', '1'],
      ['sentinel', 'set', 'again', 'failover-timeout', '5000'],
      ['sentinel', 'remove', 'again'],
      ['sentinel', 'config', 'set', 'announce-ip', '1.2.3.4'],
      ['sentinel', 'config', 'set', 'announce-port', '99'],
      ['sentinel', 'config', 'set', 'sentinel-user', 'uu'],
      ['sentinel', 'config', 'set', 'sentinel-pass', 'x'],
      ['sentinel', 'config', 'set', 'resolve-hostnames', 'yes'],
      ['sentinel', 'config', 'set', 'announce-ip', ''],
      ['sentinel', 'set', 'mymaster', 'master-reboot-down-after-period', '7'],
      ['sentinel', 'set', 'mymaster', 'rename-command', 'CONFIG', 'GG'],
      ['sentinel', 'flushconfig'],
    ],
  },
  'every subcommand with right and wrong arguments': {
    conf: (m) => `${monitor(m)}\n`,
    commands: `
      sentinel|sentinel help|sentinel nosuch|sentinel master|sentinel master x|sentinel slaves x|sentinel sentinels
      sentinel sentinels mymaster|sentinel get-master-addr-by-name x|sentinel get-master-addr-by-name
      sentinel is-master-down-by-addr 127.0.0.1 x 0 *|sentinel is-master-down-by-addr 127.0.0.1 1 x *
      sentinel is-master-down-by-addr nohost 1 0 *|sentinel is-master-down-by-addr 127.0.0.1
      sentinel ckquorum x|sentinel ckquorum mymaster|sentinel flushconfig|sentinel flushconfig x|sentinel reset
      sentinel reset zzz*|sentinel pending-scripts|sentinel myid x|sentinel config|sentinel config get
      sentinel config get *|sentinel config get announce-*|sentinel config get nope|sentinel config get a b
      sentinel config set resolve-hostnames maybe|sentinel config set announce-port x|sentinel config set announce-port 70000
      sentinel config set nope 1|sentinel config set announce-ip|sentinel config foo x|sentinel debug|sentinel debug info-period
      sentinel debug info-period 0|sentinel debug info-period x|sentinel debug nope 1|sentinel debug info-period 9000 ping-period 900
      sentinel debug|sentinel simulate-failure|sentinel simulate-failure help|sentinel simulate-failure x
      sentinel simulate-failure crash-after-election help|sentinel simulate-failure crash-after-promotion|sentinel simulate-failure
      sentinel set|sentinel set x quorum 1|sentinel set mymaster|sentinel set mymaster quorum|sentinel set mymaster quorum 0
      sentinel set mymaster quorum x|sentinel set mymaster down-after-milliseconds 0|sentinel set mymaster failover-timeout x
      sentinel set mymaster parallel-syncs 0|sentinel set mymaster nope 1|sentinel set mymaster notification-script /bin/true
      sentinel set mymaster client-reconfig-script x|sentinel set mymaster rename-command a|sentinel set mymaster rename-command a b
      sentinel set mymaster rename-command a a|sentinel set mymaster master-reboot-down-after-period -1
      sentinel set mymaster QUORUM 2|sentinel set mymaster quorum 1 nope|sentinel monitor|sentinel monitor a b c d
      sentinel monitor a 127.0.0.1 c 1|sentinel monitor a 127.0.0.1 1 x|sentinel monitor a 127.0.0.1 1 0
      sentinel monitor a 127.0.0.1 99999 1|sentinel monitor a 127.0.0.1 -1 1|sentinel monitor a not.a.host 1 1
      sentinel monitor mymaster 127.0.0.1 1 1|sentinel remove|sentinel remove x|sentinel failover|sentinel failover x
      sentinel info-cache x|ping|ping x|info nosuch|role|role x|publish a b|publish __sentinel__:hello garbage|subscribe|get a
      command count|command info get|auth x|auth a b|client getname|client nosuch|acl whoami|acl list|config get port|shutdown x
      multi|quit|select 1|command info sentinel|hello 9`
      .split(/[|\n]/)
      .map((l) => l.trim())
      .filter((l) => l !== '')
      .map((l) => l.split(' ')),
  },
  'a failover': {
    conf: (m) =>
      `${monitor(m)}\nsentinel down-after-milliseconds mymaster 500\nsentinel failover-timeout mymaster 5000\n`,
    commands: [],
    failover: true,
  },
}

/** Subcommands stand in the order of a dict with a random seed. */
const sorted = (c: readonly string[], reply: string): string =>
  c[0] === 'command' && c[1] === 'info'
    ? reply
        .replace(/\d+\) /g, '')
        .split('\n')
        .map((l) => l.trim())
        .sort()
        .join('\n')
    : reply

async function live(program: 'real' | 'ours', history: History): Promise<{ lines: string[]; replies: string[] }> {
  const args = ['--repl-diskless-sync-delay', '0']
  const master: Running = await start('real', { args })
  const replica = await start('real', { args: [...args, '--replicaof', '127.0.0.1', String(master.port)] })
  await until('the replica in sync', () => cli(replica.port, 'INFO', 'replication').includes('master_link_status:up'))
  const s = await start(program, { sentinel: history.conf(master.port, replica.port) })
  const file = (): string => readFileSync(join(s.dir, 'sentinel.conf'), 'utf8')
  await until('the replica known', () => file().includes(`known-replica mymaster 127.0.0.1 ${replica.port}`))
  const replies = history.commands.map((c) => `> ${c.join(' ')}\n${sorted(c, cli(s.port, '--no-raw', ...c))}`)
  if (history.failover) {
    master.child.kill('SIGKILL')
    await until('the promotion', () => file().includes(`sentinel monitor mymaster 127.0.0.1 ${replica.port} 1`), 30_000)
    await until('the old master as a replica', () => file().includes(`known-replica mymaster 127.0.0.1 ${master.port}`))
  }
  await sleep(300)
  const names: readonly (readonly [string, string])[] = [
    [s.dir, 'DIR'],
    [String(s.port), 'PORT'],
    [String(master.port), 'MASTER'],
    [String(replica.port), 'REPLICA'],
  ]
  const plain = names
    .reduce((text, [from, to]) => text.replaceAll(from, to), file())
    .replace(/[0-9a-f]{40}/g, 'ID')
    // On a busy machine the first attempt may come to nothing.
    .replace(/-epoch( mymaster)? [1-9]$/gm, '-epoch$1 N')
  // Redis keeps directives and instances in dicts with a random seed: their order below the signature is any.
  return {
    lines: plain
      .split('\n')
      .filter((l) => l !== '')
      .sort(),
    replies,
  }
}

describe.skipIf(!haveRedis())('a rewritten sentinel.conf', () => {
  beforeAll(() => ensureServerBuilt())
  afterEach(() => stopAll())
  for (const [name, history] of Object.entries(HISTORIES))
    test(`${name}: the same lines as the real Sentinel’s`, { timeout: 90_000 }, async () => {
      expect(await live('ours', history)).toEqual(await live('real', history))
    })
})
