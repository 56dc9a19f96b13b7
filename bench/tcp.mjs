// G1 to G3: rehash-server beside the real redis-server, driven in turn by redis-benchmark; CPU per request from /proc.
// Median of the pairwise ratios; real Redis against itself gives 1.04.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from '../scripts/setup.mjs'

const TESTS = 'ping_inline,set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,zpopmin,lrange_100,lrange_300,lrange_500,lrange_600,mset'.split(',')
const FILL = { lpop: 'lpush', spop: 'sadd', zpopmin: 'zadd' }
const REPEATS = 3
const median = (a) => [...a].sort((x, y) => x - y)[a.length >> 1]
const geomean = (a) => Math.exp(a.reduce((s, x) => s + Math.log(x), 0) / a.length)

const freePort = () => new Promise((resolve) => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => resolve(port)) }) })
const up = (port) => new Promise((resolve) => { const s = connect(port, '127.0.0.1', () => { s.destroy(); resolve(true) }); s.once('error', () => resolve(false)) })
async function start(command, args) {
  const port = await freePort()
  const child = spawn(command, [...args, '--port', String(port), '--save', '', '--dir', mkdtempSync(join(tmpdir(), 'rehash-b-'))], { stdio: 'ignore' })
  for (let i = 0; i < 100 && !(await up(port)); i++) await new Promise((r) => setTimeout(r, 50))
  return { port, child }
}
/** CPU of the process so far, in microseconds (clock ticks of 10 ms). */
const cpu = (pid) => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return (Number(f[11]) + Number(f[12])) * 10_000 }

function drive(server, test, pipeline, n) {
  const lrange = /^lrange_(\d+)$/.exec(test)
  const args = ['-p', String(server.port), '-n', String(n), '-c', '50', '-P', String(pipeline), '--csv', ...(lrange ? ['LRANGE', 'mylist', '0', String(lrange[1] - 1)] : ['-t', test])]
  const before = cpu(server.child.pid)
  const rows = spawnSync('redis-benchmark', args, { encoding: 'utf8' }).stdout.split('\n').filter((l) => l.startsWith('"') && !l.startsWith('"test"'))
  const rps = Number(rows.at(-1)?.slice(1, -1).split('","')[1])
  return { rps, cpuMicros: (cpu(server.child.pid) - before) / n }
}
const flush = (s) => spawnSync('redis-cli', ['-p', String(s.port), 'FLUSHALL'])

if (spawnSync('redis-benchmark', ['--version']).status !== 0) console.log('tcp: redis-benchmark is not installed, skipped')
else {
  const real = await start('redis-server', [])
  const ours = await start(process.execPath, [join(root, 'dist-node', 'rehash-server.js')])
  for (const pipeline of [1, 16]) {
    const rows = []
    for (const test of TESTS) {
      const n = Math.round((pipeline === 1 ? 40_000 : 120_000) / (/lrange|mset/.test(test) ? 5 : 1))
      const speed = []
      const work = []
      for (const s of [real, ours]) {
        flush(s)
        if (FILL[test]) drive(s, FILL[test], 16, n)
        if (test.startsWith('lrange')) drive(s, 'lpush', 16, 2000)
      }
      for (let i = 0; i < REPEATS; i++) {
        const a = drive(real, test, pipeline, n)
        const b = drive(ours, test, pipeline, n)
        speed.push(b.rps / a.rps)
        work.push(a.cpuMicros / b.cpuMicros)
      }
      rows.push({ test, speed: median(speed), work: median(work) })
      console.log(`P${pipeline} ${test.padEnd(12)} requests/s ${median(speed).toFixed(2)}   CPU ${median(work).toFixed(2)}`)
    }
    console.log(`P${pipeline} geometric mean: requests/s ${geomean(rows.map((r) => r.speed)).toFixed(2)}   CPU ${geomean(rows.map((r) => r.work)).toFixed(2)}   lowest CPU ${Math.min(...rows.map((r) => r.work)).toFixed(2)}`)
  }
  real.child.kill('SIGKILL')
  ours.child.kill('SIGKILL')
}
