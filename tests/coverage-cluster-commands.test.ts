/** Rows of the coverage list about CLUSTER's commands, redirections and MIGRATE. The replies themselves: tests/transcripts/cluster. */
import { expect, test } from 'vitest'
import { Cluster } from '../src/engine/cluster/cluster.ts'
import { addSlot, delSlot } from '../src/engine/cluster/slots.ts'
import { bench } from '../src/engine/server/rig.ts'
import { formatTty } from '../src/engine/programs/redis-cli/format.ts'
import { encode, ReplicationRig } from './replication-rig.ts'
import { engineCluster } from './transcripts/cluster-conversations.ts'
import { nodeId, parseLayout } from './transcripts/layout.ts'
import type { Conversation } from './transcripts/transcript.ts'

const THREE = 'a=0-5460 b=5461-10922 c=10923-16383 d>a'
const SIX = 'a=0-5460 b=5461-10922 c=10923-16383 d>a e>b f>c'

class Nodes {
  private readonly conversation: Conversation
  constructor(layout: string) {
    this.conversation = engineCluster(parseLayout(layout))
  }
  /** "b> GET x" at node b, "GET x" at the first. */
  async say(line: string): Promise<string> {
    const m = /^([a-f]\w*)> (.*)$/.exec(line)
    return this.ask(m?.[1] ?? 'a', ...(m?.[2] ?? line).split(' '))
  }
  async ask(client: string, ...argv: string[]): Promise<string> {
    const { replies } = await this.conversation.say(client, argv)
    return replies
      .map((r) => formatTty(r))
      .join('')
      .trimEnd()
  }
  async all(...lines: string[]): Promise<string[]> {
    const out: string[] = []
    for (const line of lines) out.push(await this.say(line))
    return out
  }
  /** What the clients were told meanwhile, as text. */
  async wait(ms: number): Promise<string> {
    return JSON.stringify(await this.conversation.wait(ms))
  }
}
const [A, B] = [nodeId('a'), nodeId('b')]
const moving = async (): Promise<Nodes> => {
  const w = new Nodes(THREE)
  await w.all(
    'MSET {bar}1 v1 {bar}2 v2 {bar}3 v3 {bar}4 v4',
    `b> CLUSTER SETSLOT 5061 IMPORTING ${A}`,
    `CLUSTER SETSLOT 5061 MIGRATING ${B}`,
  )
  return w
}

test('B13, C23: there is database 0 and no other', async () => {
  const w = new Nodes('a')
  expect(await w.all('SELECT 1', 'SWAPDB 0 1', 'MOVE x 1', 'SELECT 0')).toEqual([
    '(error) ERR SELECT is not allowed in cluster mode',
    '(error) ERR SWAPDB is not allowed in cluster mode',
    '(error) CLUSTERDOWN Hash slot not served',
    'OK',
  ])
})

test('C01: a node is shown with its port for clients and, 10000 above, the port of the bus', async () => {
  const w = new Nodes(THREE)
  expect(await w.say('CLUSTER NODES')).toContain('127.0.0.1:7000@17000 myself,master')
})

test('C02, C03, C04: slots of keys and of hash tags', async () => {
  const w = new Nodes('a')
  const slot = async (key: string): Promise<number> => Number(/\d+/.exec(await w.ask('a', 'CLUSTER', 'KEYSLOT', key)))
  const expected: Record<string, number> = {
    '123456789': 12739,
    foo: 12182,
    bar: 5061,
    '{user1000}.following': 3443,
    '{user1000}.followers': 3443,
    user1000: 3443,
    'foo{}{bar}': 8363,
    'foo{{bar}}zap': 4015,
    'foo{bar}{zap}': 5061,
    'hello:key': 10698,
    [Buffer.from('公众号:码哥字节').toString('latin1')]: 6341,
  }
  for (const [key, want] of Object.entries(expected)) expect([key, await slot(key)]).toEqual([key, want])
})

test('C05, C26: three masters share the slots 5461, 5462, 5461; each node has ten links among six', async () => {
  const w = new Nodes(SIX)
  const nodes = await w.say('CLUSTER NODES')
  const sizes = [...nodes.matchAll(/connected (\d+)-(\d+)/g)].map((m) => Number(m[2]) - Number(m[1]) + 1)
  expect(sizes.sort()).toEqual([5461, 5461, 5462])
  const links = await w.say('CLUSTER LINKS')
  expect([links.match(/"to"/g)?.length, links.match(/"from"/g)?.length]).toEqual([5, 5])
  expect(await w.say('INFO clients')).toContain('cluster_connections:10')
})

test('C12: slots are separate arguments; a busy slot is refused', async () => {
  const w = new Nodes('a')
  expect(
    await w.all('CLUSTER ADDSLOTS 0,1', 'CLUSTER ADDSLOTS 0 1', 'CLUSTER ADDSLOTS 0', 'CLUSTER ADDSLOTSRANGE 2 9'),
  ).toEqual(['(error) ERR Invalid or out of range slot', 'OK', '(error) ERR Slot 0 is already busy', 'OK'])
})

test('C13: without full coverage the cluster is down; with cluster-require-full-coverage no, only the hole is', async () => {
  const w = new Nodes(THREE)
  expect(await w.all('CLUSTER DELSLOTS 0', 'GET bar')).toEqual(['OK', '(error) CLUSTERDOWN The cluster is down'])
  await w.say('CONFIG SET cluster-require-full-coverage no')
  await w.wait(2000)
  expect(await w.all('GET bar', 'GET {06S}')).toEqual(['(nil)', '(error) CLUSTERDOWN Hash slot not served'])
})

test('C16: MOVED names the slot and its owner', async () => {
  const w = new Nodes(THREE)
  expect(await w.say('GET foo')).toBe('(error) MOVED 12182 127.0.0.1:7002')
})

test('C17, MG28: ASK once; ASKING holds for one request; TRYAGAIN while keys stand on both sides', async () => {
  const w = await moving()
  expect(await w.all('GET {bar}9', 'SET {bar}9 x', 'MGET {bar}1 {bar}9')).toEqual([
    '(error) ASK 5061 127.0.0.1:7001',
    '(error) ASK 5061 127.0.0.1:7001',
    '(error) TRYAGAIN Multiple keys request during rehashing of slot',
  ])
  expect(await w.all('b> ASKING', 'b> SET {bar}9 x', 'b> GET {bar}9', 'b> ASKING', 'b> MGET {bar}9 {bar}1')).toEqual([
    'OK',
    'OK',
    '(error) MOVED 5061 127.0.0.1:7000',
    'OK',
    '(error) TRYAGAIN Multiple keys request during rehashing of slot',
  ])
})

test('C20, E11: several keys must be in one slot, not merely on one node', async () => {
  const w = new Nodes(THREE)
  const cross = "(error) CROSSSLOT Keys in request don't hash to the same slot"
  expect(await w.all('MSET foo 1 bar 2', 'MSET bar 1 b 2', 'MSET {bar}1 1 {bar}2 2')).toEqual([cross, cross, 'OK'])
})

test('C21, T17: a transaction is of one slot: refused when queued, or as a whole by EXEC', async () => {
  const w = new Nodes(THREE)
  expect(await w.all('MULTI', 'MSET foo 1 bar 2', 'EXEC')).toEqual([
    'OK',
    "(error) CROSSSLOT Keys in request don't hash to the same slot",
    '(error) EXECABORT Transaction discarded because of previous errors.',
  ])
  expect(await w.all('MULTI', 'SET bar 1', 'SET b 1', 'EXEC', 'GET bar')).toEqual([
    'OK',
    'QUEUED',
    'QUEUED',
    "(error) CROSSSLOT Keys in request don't hash to the same slot",
    '(nil)',
  ])
  expect(await w.all('MULTI', 'SET {t}a 1', 'SET {t}b 2', 'DISCARD')).toContain('OK')
})

test('C22: replicas of replicas, and REPLICAOF, are refused', async () => {
  const w = new Nodes(THREE)
  expect(await w.all(`CLUSTER REPLICATE ${nodeId('d')}`, 'REPLICAOF NO ONE')).toEqual([
    '(error) ERR I can only replicate a master, not a replica.',
    '(error) ERR REPLICAOF not allowed in cluster mode.',
  ])
})

const CLUSTERED = ['save ""', 'protected-mode no', 'cluster-enabled yes', 'cluster-node-timeout 2000']

test('C25: a name outlives a restart, and RESET HARD draws another; a master with keys is not reset', () => {
  const w = new ReplicationRig([CLUSTERED])
  const name = w.call('r1', 'CLUSTER', 'MYID')
  expect(String(name)).toMatch(/^[0-9a-f]{40}$/)
  w.restart('r1')
  expect(w.call('r1', 'CLUSTER', 'MYID')).toBe(name)
  w.call('r1', 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  w.run(8)
  expect(w.call('r1', 'SET', 'a', '1')).toBe('OK')
  const refused = "(error) ERR CLUSTER RESET can't be called with master nodes containing keys"
  expect(w.call('r1', 'CLUSTER', 'RESET', 'HARD')).toBe(refused)
  w.call('r1', 'FLUSHALL')
  expect(w.call('r1', 'CLUSTER', 'RESET', 'SOFT')).toBe('OK')
  expect(w.call('r1', 'CLUSTER', 'MYID')).toBe(name)
  w.call('r1', 'CLUSTER', 'RESET', 'HARD')
  expect(w.call('r1', 'CLUSTER', 'MYID')).not.toBe(name)
})

test('C28: READONLY lets a replica answer reads, and never writes', async () => {
  const w = new Nodes(THREE)
  await w.say('SET bar 1')
  const moved = '(error) MOVED 5061 127.0.0.1:7000'
  expect(await w.all('d> GET bar', 'd> READONLY', 'd> GET bar', 'd> SET bar 2', 'd> READWRITE', 'd> GET bar')).toEqual([
    moved,
    'OK',
    '"1"',
    moved,
    'OK',
    moved,
  ])
})

test('C29: CLUSTER HELP names every subcommand', async () => {
  const w = new Nodes('a')
  const help = await w.say('CLUSTER HELP')
  const names = [...help.matchAll(/\) ([A-Z][A-Z-]+)(?: |$)/gm)].map((m) => m[1])
  expect(names.filter((n) => n !== 'CLUSTER' && n !== 'HELP')).toHaveLength(25)
})

test('C32: a shard channel has a slot; its listeners go with it', async () => {
  const w = new Nodes(THREE)
  expect(await w.all('b> SSUBSCRIBE bar', 'SPUBLISH foo x')).toEqual([
    '(error) MOVED 5061 127.0.0.1:7000',
    '(error) MOVED 12182 127.0.0.1:7002',
  ])
  await w.say('a2> SSUBSCRIBE bar')
  expect(await w.say('SPUBLISH bar hello')).toBe('(integer) 1')
  await w.say(`CLUSTER SETSLOT 5061 NODE ${B}`)
  expect(await w.say('PUBSUB SHARDCHANNELS')).toBe('(empty array)')
})

test('MG03: the bitmap has as many ones as the node has slots', () => {
  const cluster = new Cluster(bench().server)
  const me = cluster.myself
  for (const slot of [0, 1, 9, 16383, 20]) addSlot(cluster, me, slot)
  delSlot(cluster, 20)
  const ones = me.slots.reduce((n, byte) => n + [...byte.toString(2)].filter((b) => b === '1').length, 0)
  expect([me.slots.length, me.numslots, ones]).toEqual([2048, 4, 4])
  expect([me.slots[0], me.slots[1], me.slots[2047]]).toEqual([3, 2, 128])
})

test('MG04: open slots are shown by their node', async () => {
  const w = await moving()
  expect(await w.say('CLUSTER NODES')).toContain(`[5061->-${B}]`)
  expect(await w.say('b> CLUSTER NODES')).toContain(`[5061-<-${A}]`)
})

test('MG05, MG10, MG37: keys of a slot are listed newest first, and counted as they come and go', async () => {
  const w = new Nodes(THREE)
  await w.all('SET {bar}1 1', 'SET {bar}2 1', 'SET {bar}3 1', 'SET {bar}4 1')
  const four = '1) "{bar}4"\n2) "{bar}3"\n3) "{bar}2"\n4) "{bar}1"'
  expect(await w.say('CLUSTER GETKEYSINSLOT 5061 100')).toBe(four)
  expect(await w.say('CLUSTER GETKEYSINSLOT 5061 2')).toBe('1) "{bar}4"\n2) "{bar}3"')
  expect(
    await w.all(
      'DEL {bar}3',
      'SET {bar}1 again',
      'CLUSTER COUNTKEYSINSLOT 5061',
      'FLUSHALL',
      'CLUSTER COUNTKEYSINSLOT 5061',
    ),
  ).toEqual(['(integer) 1', 'OK', '(integer) 3', 'OK', '(integer) 0'])
})

test('MG07, MG08, MG09: SETSLOT checks the owner, the node and the number', async () => {
  const w = new Nodes(THREE)
  expect(
    await w.all(
      `CLUSTER SETSLOT 16000 MIGRATING ${B}`,
      `CLUSTER SETSLOT 0 IMPORTING ${B}`,
      'CLUSTER SETSLOT 16000 IMPORTING abc',
      `CLUSTER SETSLOT slot3 IMPORTING ${B}`,
    ),
  ).toEqual([
    "(error) ERR I'm not the owner of hash slot 16000",
    "(error) ERR I'm already the owner of hash slot 0",
    "(error) ERR I don't know about node abc",
    '(error) ERR Invalid or out of range slot',
  ])
})

test('MG11, MG12, MG13: one key or KEYS; COPY leaves it here; REPLACE takes the place of what is there', async () => {
  const w = await moving()
  expect(
    await w.all(
      'MIGRATE 127.0.0.1 7001 {bar}4 0 1000 COPY',
      'GET {bar}4',
      'MIGRATE 127.0.0.1 7001 {bar}4 0 1000',
      'MIGRATE 127.0.0.1 7001 {bar}4 0 1000 COPY',
      'MIGRATE 127.0.0.1 7001 {bar}nope 0 1000',
    ),
  ).toEqual([
    'OK',
    '"v4"',
    '(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.',
    '(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.',
    'NOKEY',
  ])
  await w.say('SET {bar}4 new')
  const migrate = 'MIGRATE 127.0.0.1 7001  0 1000 REPLACE KEYS {bar}4 {bar}1'
  expect(await w.say(migrate)).toBe('OK')
  expect(await w.all('b> ASKING', 'b> MGET {bar}4 {bar}1')).toEqual(['OK', '1) "new"\n2) "v1"'])
})

const HOST = '10.0.0.12'
const pair = (): ReplicationRig => new ReplicationRig([['save ""'], ['save ""', 'protected-mode no']])

test('MG14: a timeout of 0 is one second; nothing is lost when the other side is frozen', () => {
  const w = pair()
  w.call('r1', 'SET', 'a', '1')
  w.fault({ type: 'pause', process: 'r2' })
  const name = w.send('r1', ['MIGRATE', HOST, '6379', 'a', '0', '0'])
  w.run(0.9)
  expect(w.answer(name)).toBeUndefined()
  w.run(0.2)
  expect(w.answer(name)).toMatch(/^\(error\) IOERR error or timeout (reading|connecting)/)
  expect(w.call('r1', 'GET', 'a')).toBe('1')
})

test('MG15: keys that are gone or expired are left out; NOKEY when none is left', () => {
  const w = pair()
  w.call('r1', 'SET', 'dead', '1', 'PX', '1')
  w.call('r1', 'SET', 'a', '1')
  w.run(0.005)
  expect(w.call('r1', 'MIGRATE', HOST, '6379', 'dead', '0', '1000')).toBe('NOKEY')
  expect(w.call('r1', 'MIGRATE', HOST, '6379', '', '0', '1000', 'KEYS', 'dead', 'nope', 'a')).toBe('OK')
  expect(w.call('r2', 'KEYS', '*')).toEqual(['a'])
})

test('MG16, MG20: RESTORE (RESTORE-ASKING in a cluster) with what is left of the TTL, in one piece, without MULTI', () => {
  const w = pair()
  w.call('r1', 'SET', 's', 'hello', 'PX', '100000')
  for (let i = 0; i < 4; i++) w.call('r1', 'SET', `k${i}`, String(i))
  expect(w.call('r1', 'MIGRATE', HOST, '6379', '', '0', '1000', 'KEYS', 's', 'k0', 'k1', 'k2', 'k3')).toBe('OK')
  const bytes = w.sentToMaster('r1')
  expect(bytes).toContain('\x00\x05hello\n\x00')
  expect(bytes.match(/\$7\r\nRESTORE\r\n/g)?.length).toBe(5)
  expect(bytes).toContain(encode(['SELECT', '0']))
  expect(bytes).not.toContain('MULTI')
  const left = Number(w.call('r2', 'PTTL', 's'))
  expect(left).toBeGreaterThan(99_000)
  expect(left).toBeLessThanOrEqual(100_000)
})

test('MG17: a megabyte goes in pieces of 64 KB, and no other client is served between', () => {
  const w = pair()
  w.slow('r1', 'r2', 2_000_000)
  w.call('r1', 'CONFIG', 'SET', 'rdbcompression', 'no')
  w.call('r1', 'SET', 'big', 'x'.repeat(1024 * 1024))
  const moving = w.send('r1', ['MIGRATE', HOST, '6379', 'big', '0', '5000'])
  w.run(0.1)
  const other = w.send('r1', ['PING'], 'other')
  w.run(0.2)
  expect([w.answer(moving), w.answer(other)]).toEqual([undefined, undefined])
  w.run(2)
  expect([w.answer(moving), w.answer(other)]).toEqual(['OK', 'PONG'])
  const chunks = w.sendsToMaster('r1').filter((b) => b.length > 1000)
  expect([chunks.length, Math.max(...chunks.map((b) => b.length))]).toEqual([16, 65536])
  expect(w.call('r2', 'STRLEN', 'big')).toBe(1024 * 1024)
})

test('MG18: whenever the link is cut, each key is here, there, or on both sides', () => {
  for (let cutAfterMs = 0; cutAfterMs <= 5; cutAfterMs += 0.5) {
    const w = pair()
    const keys = Array.from({ length: 5 }, (_, i) => `k${i}`)
    for (const key of keys) w.call('r1', 'SET', key, 'x'.repeat(40_000))
    w.slow('r1', 'r2', 50_000_000)
    const name = w.send('r1', ['MIGRATE', HOST, '6379', '', '0', '300', 'KEYS', ...keys])
    w.run(cutAfterMs / 1000)
    w.cut('r1', 'r2')
    w.run(1)
    const said = w.answer(name)
    w.heal()
    w.run(0.5)
    for (const key of keys) {
      const here = w.call('r1', 'EXISTS', key) === 1
      const there = w.call('r2', 'EXISTS', key) === 1
      expect([cutAfterMs, key, here || there]).toEqual([cutAfterMs, key, true])
      if (said === 'OK') expect([here, there]).toEqual([false, true])
    }
  }
})

test('MG18: what was taken is deleted here, on the replica too, as one DEL', () => {
  const w = new ReplicationRig([['save ""'], ['save ""', 'protected-mode no'], ['save ""', 'replicaof 10.0.0.11 6379']])
  w.synced('r3')
  w.call('r1', 'MSET', 'a', '1', 'b', '2', 'c', '3')
  w.call('r2', 'SET', 'b', 'other')
  const said = w.call('r1', 'MIGRATE', HOST, '6379', '', '0', '1000', 'KEYS', 'a', 'b', 'c')
  expect(said).toContain('BUSYKEY')
  w.run(0.1)
  expect(w.call('r3', 'KEYS', '*')).toEqual(['b'])
  expect(w.sentToOthers('r1')).toContain(encode(['DEL', 'a', 'c']))
})

test('MG21: a connection is kept for ten seconds; one that has died is tried anew, once; timeouts are not', () => {
  const w = pair()
  w.call('r1', 'SET', 'a', '1')
  expect(w.call('r1', 'MIGRATE', HOST, '1', 'a', '0', '100')).toBe(
    '(error) IOERR error or timeout writing to target instance',
  )
  expect(w.call('r1', 'MIGRATE', HOST, '6379', 'a', '0', '1000')).toBe('OK')
  expect(w.info('r1', 'stats').migrate_cached_sockets).toBe('1')
  w.call('r1', 'SET', 'b', '1')
  w.restart('r2', 1)
  expect(w.call('r1', 'MIGRATE', HOST, '6379', 'b', '0', '1000')).toBe('OK')
  expect(w.call('r2', 'GET', 'b')).toBe('1')
  w.run(9)
  expect(w.info('r1', 'stats').migrate_cached_sockets).toBe('1')
  w.run(4)
  expect(w.info('r1', 'stats').migrate_cached_sockets).toBe('0')
})

test('MG22, MG23, MG24: RESTORE checks the key, the checksum, and applies TTL and idle time', () => {
  const w = pair()
  w.call('r1', 'SET', 's', 'hello')
  const payload = String(w.call('r1', 'DUMP', 's'))
  expect(w.call('r1', 'RESTORE', 's', '0', payload)).toBe('(error) BUSYKEY Target key name already exists.')
  const flipped = `${payload.slice(0, 3)}E${payload.slice(4)}`
  expect(w.call('r1', 'RESTORE', 't', '0', flipped)).toBe('(error) ERR DUMP payload version or checksum are wrong')
  expect(w.call('r1', 'RESTORE', 't', '-1', payload)).toBe('(error) ERR Invalid TTL value, must be >= 0')
  expect(w.call('r1', 'RESTORE', 't', '1000', payload, 'IDLETIME', '5')).toBe('OK')
  expect(Number(w.call('r1', 'PTTL', 't'))).toBeLessThanOrEqual(1000)
  expect(w.call('r1', 'OBJECT', 'IDLETIME', 't')).toBe(5)
})

test('MG25, MG26, MG27: the source keeps a slot with keys; the target takes it with a new epoch; then MOVED at once', async () => {
  const w = await moving()
  expect(await w.say(`CLUSTER SETSLOT 5061 NODE ${B}`)).toBe(
    "(error) ERR Can't assign hashslot 5061 to a different node while I still hold keys for this hash slot.",
  )
  expect(await w.say('MIGRATE 127.0.0.1 7001  0 1000 KEYS {bar}1 {bar}2 {bar}3 {bar}4')).toBe('OK')
  expect(await w.say(`b> CLUSTER SETSLOT 5061 NODE ${B}`)).toBe('OK')
  expect(await w.say('b> CLUSTER INFO')).toContain('cluster_my_epoch:5')
  expect(await w.say(`CLUSTER SETSLOT 5061 NODE ${B}`)).toBe('OK')
  expect(await w.say('GET {bar}1')).toBe('(error) MOVED 5061 127.0.0.1:7001')
  const nodes = await w.say('CLUSTER NODES')
  expect(nodes).toContain('connected 0-5060 5062-5460')
  expect(nodes).toContain('connected 5061 5461-10922')
})

test('MG25: the new owner says so in its log', () => {
  const w = new ReplicationRig([CLUSTERED, CLUSTERED])
  const [one, two] = [String(w.call('r1', 'CLUSTER', 'MYID')), String(w.call('r2', 'CLUSTER', 'MYID'))]
  w.call('r1', 'CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  w.call('r1', 'CLUSTER', 'MEET', HOST, '6379')
  w.run(10)
  w.call('r2', 'CLUSTER', 'SETSLOT', '5061', 'IMPORTING', one)
  w.call('r1', 'CLUSTER', 'SETSLOT', '5061', 'MIGRATING', two)
  expect(w.call('r2', 'CLUSTER', 'SETSLOT', '5061', 'NODE', two)).toBe('OK')
  expect(w.logged('r2', 'configEpoch updated after importing slot 5061')).toBe(true)
  w.run(0.5)
  expect(w.call('r1', 'GET', 'bar')).toBe('(error) MOVED 5061 10.0.0.12:6379')
  expect(String(w.call('r1', 'CLUSTER', 'NODES'))).toContain('0-5060 5062-16383')
})

test('who waits for a key of a slot that goes is sent after it, within a second', async () => {
  const w = new Nodes(THREE)
  expect(await w.ask('a4', 'BLPOP', '{bar}q', '0')).toBe('')
  await w.all(`b> CLUSTER SETSLOT 5061 NODE ${B}`, `CLUSTER SETSLOT 5061 NODE ${B}`)
  expect(await w.wait(1200)).toMatch(/a4.*MOVED 5061 127\.0\.0\.1:7001/)
  expect(await w.ask('a4', 'PING')).toBe('PONG')
})
