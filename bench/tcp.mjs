// G1 to G3: rehash-server beside the real redis-server, driven in turn by redis-benchmark; CPU per request from /proc.
// Median of the pairwise ratios; real Redis against itself gives 1.04.
import { spawnSync } from 'node:child_process'
import { note, row } from './report.mjs'
import { cpu, geomean, haveRedis, median, start } from './servers.mjs'

const TESTS = 'ping_inline,set,get,incr,lpush,rpush,lpop,sadd,hset,spop,zadd,zpopmin,lrange_100,lrange_300,lrange_500,lrange_600,mset'.split(',')
const FILL = { lpop: 'lpush', spop: 'sadd', zpopmin: 'zadd' }
const REPEATS = 3
function drive(server, test, pipeline, n) {
  const lrange = /^lrange_(\d+)$/.exec(test)
  const args = ['-p', String(server.port), '-n', String(n), '-c', '50', '-P', String(pipeline), '--csv', ...(lrange ? ['LRANGE', 'mylist', '0', String(lrange[1] - 1)] : ['-t', test])]
  const before = cpu(server)
  const rows = spawnSync('redis-benchmark', args, { encoding: 'utf8' }).stdout.split('\n').filter((l) => l.startsWith('"') && !l.startsWith('"test"'))
  const rps = Number(rows.at(-1)?.slice(1, -1).split('","')[1])
  return { rps, cpuMicros: (cpu(server) - before) / n }
}
const flush = (s) => spawnSync('redis-cli', ['-p', String(s.port), 'FLUSHALL'])

const MUST = { 1: { speed: [0.75, 0.9], work: [0.6, 0.75] }, 16: { speed: [0.5, 0.8], work: [0.45, 0.75] } }

if (!haveRedis()) note('G1, G2, G3: redis-benchmark is not installed, skipped')
else {
  const real = await start('real')
  const ours = await start('ours')
  for (const pipeline of [1, 16]) {
    const rows = []
    for (const test of TESTS) {
      const n = Math.round((pipeline === 1 ? 40_000 : 120_000) / (/lrange|mset/.test(test) ? 5 : 1))
      const speed = []
      const work = []
      for (let i = 0; i < REPEATS; i++) {
        for (const s of [real, ours]) {
          flush(s)
          if (FILL[test]) drive(s, FILL[test], 16, n)
          if (test.startsWith('lrange')) drive(s, 'lpush', 16, 2000)
        }
        const a = drive(real, test, pipeline, n)
        const b = drive(ours, test, pipeline, n)
        speed.push(b.rps / a.rps)
        work.push(a.cpuMicros / b.cpuMicros)
      }
      rows.push({ test, speed: median(speed), work: median(work) })
      note(`P${pipeline} ${test.padEnd(12)} requests/s ${median(speed).toFixed(2)}   CPU ${median(work).toFixed(2)}`)
    }
    const { speed, work } = MUST[pipeline]
    const goal = pipeline === 1 ? 'G1' : 'G2'
    row(goal, `P${pipeline}: requests/s, ours over real`, geomean(rows.map((r) => r.speed)), ...speed)
    row(goal, `P${pipeline}: CPU per request, real over ours`, geomean(rows.map((r) => r.work)), ...work)
    if (pipeline === 16) row('G3', 'P16: the lowest CPU ratio', Math.min(...rows.map((r) => r.work)), 0.25, 0.5)
  }
  await real.stop()
  await ours.stop()
}
