/**
 * Records packets of the cluster bus between real Redis nodes into tests/data/cluster-bus.json: node scripts/record-bus.mjs
 *
 * Each node announces the port of a proxy as its bus port, so what the others send to it passes here. A cluster is formed, used,
 * failed over by hand and by a kill; of each kind of packet the first few of different shape are kept, deflated.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync } from 'node:zlib'

const BASE = 28100
const KEPT_PER_SHAPE = 2
const TYPES = [
  'ping',
  'pong',
  'meet',
  'fail',
  'publish',
  'auth-req',
  'auth-ack',
  'update',
  'mfstart',
  'module',
  'publishshard',
]
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const cli = (port, ...args) => spawnSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).stdout.trim()

const kept = []
const shapes = new Map()
function keep(packet) {
  const type = packet.readUInt16BE(12)
  const count = packet.readUInt16BE(14)
  const flags = packet.readUInt16BE(2250)
  const shape = [type, count, packet.readUInt16BE(2214), flags & 0x2ff, packet[2252], packet[2253]].join(' ')
  const seen = shapes.get(shape) ?? 0
  shapes.set(shape, seen + 1)
  if (seen >= KEPT_PER_SHAPE) return
  kept.push({
    type: TYPES[type],
    length: packet.length,
    gossip: count,
    deflated: deflateRawSync(packet).toString('base64'),
  })
}
function tap() {
  let rest = Buffer.alloc(0)
  return (data) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 8 && rest.length >= rest.readUInt32BE(4)) {
      const length = rest.readUInt32BE(4)
      keep(Buffer.from(rest.subarray(0, length)))
      rest = rest.subarray(length)
    }
  }
}
const proxies = []
const proxy = (from, to) =>
  proxies.push(
    createServer((socket) => {
      const other = connect(to, '127.0.0.1')
      const [a, b] = [tap(), tap()]
      socket.on('data', (d) => (a(d), other.write(d)))
      other.on('data', (d) => (b(d), socket.write(d)))
      for (const [x, y] of [
        [socket, other],
        [other, socket],
      ]) {
        x.on('error', () => y.destroy())
        x.on('close', () => y.destroy())
      }
    }).listen(from, '127.0.0.1'),
  )
const root = mkdtempSync(join(tmpdir(), 'bus-'))
const nodes = []
function startNode(i) {
  const port = BASE + i
  const dir = join(root, String(i))
  mkdirSync(dir, { recursive: true })
  const args = ['--port', port, '--dir', dir, '--save', '', '--cluster-enabled', 'yes', '--cluster-node-timeout', 1500]
  args.push('--cluster-announce-bus-port', port + 20000, '--repl-diskless-sync-delay', 0, '--bind', '127.0.0.1')
  if (i === 1) args.push('--cluster-announce-hostname', 'one.example.com')
  if (i === 2) args.push('--cluster-announce-ip', '127.0.0.1')
  nodes[i] = spawn('redis-server', args.map(String), { stdio: 'ignore' })
}
const all = [0, 1, 2, 3, 4]
for (const i of all) {
  proxy(BASE + i + 20000, BASE + i + 10000)
  startNode(i)
}
await sleep(700)
for (const i of all.slice(1)) cli(BASE, 'CLUSTER', 'MEET', '127.0.0.1', BASE + i, BASE + i + 20000)
cli(BASE, 'CLUSTER', 'ADDSLOTSRANGE', 0, 5460)
cli(BASE + 1, 'CLUSTER', 'ADDSLOTSRANGE', 5461, 10922)
cli(BASE + 2, 'CLUSTER', 'ADDSLOTSRANGE', 10923, 16383)
await sleep(3000)
for (const i of [3, 4]) cli(BASE + i, 'CLUSTER', 'REPLICATE', cli(BASE, 'CLUSTER', 'MYID'))
await sleep(3000)
cli(BASE + 1, 'PUBLISH', 'news', 'hello')
cli(BASE + 1, 'PUBLISH', '', '')
cli(BASE, 'SPUBLISH', '{b}', 'x'.repeat(3000))
cli(BASE, 'SPUBLISH', 'b', 'shard')
cli(BASE, 'SET', 'b', '1')
cli(BASE + 3, 'CONFIG', 'SET', 'cluster-replica-no-failover', 'yes')
await sleep(500)
cli(BASE + 4, 'CLUSTER', 'FAILOVER')
await sleep(2500)
// Its old master, 0, is a replica now. Kill the new master; 0 takes over, and what comes back claims its slots still.
nodes[4].kill('SIGKILL')
await sleep(6000)
startNode(4)
await sleep(6000)
for (const n of nodes) n.kill('SIGKILL')
for (const p of proxies) p.close()
rmSync(root, { recursive: true, force: true })
mkdirSync('tests/data', { recursive: true })
writeFileSync('tests/data/cluster-bus.json', `[\n${kept.map((k) => `  ${JSON.stringify(k)}`).join(',\n')}\n]\n`)
const counts = {}
for (const k of kept) counts[k.type] = (counts[k.type] ?? 0) + 1
console.log(counts)
process.exit(0)
