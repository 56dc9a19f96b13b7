// G11, G12, G14 and G16: big data and scripts, ours beside real Redis. Each figure is real over ours (1: as fast, or as small).
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { note, row } from './report.mjs'
import { client, cost, haveRedis, load, median, residentBytes, start } from './servers.mjs'

const wanted = process.argv.slice(2)
const want = (goal) => wanted.length === 0 || wanted.includes(goal)
const pad = (i, w) => String(i).padStart(w, '0')
const MILLION = 1_000_000

async function both(work) {
  const real = await start('real')
  const ours = await start('ours')
  try {
    return await work(real, ours)
  } finally {
    await real.stop()
    await ours.stop()
  }
}
const answersEval = async (c) => (await c.ask('EVAL', 'return 1', '0')).startsWith(':1')

/** CPU of the real server over ours for the same work. */
async function ratio(real, ours, work, repeats = 3) {
  const ratios = []
  for (let i = 0; i < repeats; i++) {
    const a = await cost(real, () => work(real.client, i))
    const b = await cost(ours, () => work(ours.client, i))
    ratios.push(a / b)
  }
  return median(ratios)
}

async function sortedSet() {
  await both(async (real, ours) => {
    for (const s of [real, ours]) s.client = await client(s)
    const scripted = await answersEval(ours.client)
    note(scripted ? 'G11 by EVAL loops' : 'G11 by pipelines of 1000: EVAL is not answered yet')
    const N = MILLION
    const K = 200_000
    const script = (n, call) =>
      `local x = tonumber(ARGV[1]) for i = 1, ${n} do x = (x * 1103515245 + 12345) % 2147483648 ${call} end return 1`
    const add = scripted
      ? (c, r) =>
          load(c, N / 1000, (i) => ['EVAL', script(1000, "redis.call('ZADD', 'z', x % 1000003, 'element:' .. x)"), 0, i * 7919 + r], 1)
      : (c, r) => load(c, N, (i) => ['ZADD', 'z', (i * 7919 + r) % 1_000_003, `element:${pad((i * 104_729 + r) % N, 12)}`])
    row('G11', 'ZADD to 1M, CPU of real over ours', await ratio(real, ours, add, 1), 0.7, 1)
    if (scripted) for (const s of [real, ours]) await load(s.client, N, (i) => ['ZADD', 'z', (i * 7919) % 1_000_003, `element:${pad(i, 12)}`])
    const rank = scripted
      ? (c, r) => load(c, K / 1000, (i) => ['EVAL', script(1000, "redis.call('ZRANK', 'z', string.format('element:%012d', x % 1000000))"), 0, i + r], 1)
      : (c, r) => load(c, K, (i) => ['ZRANK', 'z', `element:${pad((i * 104_729 + r) % N, 12)}`])
    row('G11', 'ZRANK among 1M', await ratio(real, ours, rank), 0.7, 1)
    const range = scripted
      ? (c, r) => load(c, K / 1000, (i) => ['EVAL', script(1000, "local s = x % 999990 redis.call('ZRANGE', 'z', s, s + 9)"), 0, i + r], 1)
      : (c, r) => load(c, K, (i) => ['ZRANGE', 'z', (i * 7919 + r) % (N - 10), ((i * 7919 + r) % (N - 10)) + 9])
    row('G11', 'ZRANGE of 10 among 1M', await ratio(real, ours, range), 0.7, 1)
    for (const s of [real, ours]) s.client.end()
  })
}

const SETS = [
  ['strings of 3 bytes, per key', MILLION, (i) => ['SET', `key:${pad(i, 12)}`, 'xxx'], 1.3, 0.85],
  ['strings of 100 bytes, per key', MILLION / 2, (i) => ['SET', `key:${pad(i, 12)}`, 'x'.repeat(100)], 1.3, 0.85],
  ['sorted set of 1M, per member', MILLION, (i) => ['ZADD', 'z', (i * 7919) % 1_000_003, `element:${pad(i, 12)}`], 1.2, 1],
  ['list of 5M, per element', 5 * MILLION, (i) => ['RPUSH', 'l', `value:${pad(i, 6)}`], 1.2, 1.1],
  [
    'hashes of 10 fields, per hash',
    100_000,
    (i) => ['HSET', `user:${pad(i, 8)}`, ...Array.from({ length: 10 }, (_, k) => [`field${k}`, `value${k}`]).flat()],
    1.8,
    1.2,
  ],
  ['intsets of 512, per set', 30_000, (i) => ['SADD', `is:${pad(i, 6)}`, ...Array.from({ length: 512 }, (_, k) => k * 61)], 1.1, 1],
]
/** What a fresh process grows by, of ours; what real Redis says it uses. */
async function memory() {
  for (const [what, n, make, must, reach] of SETS) {
    await both(async (real, ours) => {
      const c = await client(real)
      const used = async () => Number(/used_memory:(\d+)/.exec(await c.ask('INFO', 'memory'))[1])
      const u0 = await used()
      await load(c, n, make)
      const theirs = ((await used()) - u0) / n
      c.end()
      const d = await client(ours)
      // Warm: what the program itself needs for such requests is not the data's.
      await load(d, n / 20, make)
      await d.ask('FLUSHALL')
      await new Promise((r) => setTimeout(r, 500))
      const r0 = residentBytes(ours)
      await load(d, n, make)
      await new Promise((r) => setTimeout(r, 1500))
      const mine = (residentBytes(ours) - r0) / n
      d.end()
      row('G12', `${what}: ${mine.toFixed(0)} over ${theirs.toFixed(0)} bytes`, mine / theirs, must, reach, { atMost: true })
    })
  }
}

async function rdb() {
  await both(async (real, ours) => {
    for (const s of [real, ours]) {
      s.client = await client(s)
      await load(s.client, MILLION, (i) => ['SET', `key:${pad(i, 12)}`, 'xxx'])
    }
    const answered = async (c, ...argv) => {
      const reply = await c.ask(...argv)
      if (!reply.startsWith('+OK')) throw new Error(`${argv.join(' ')} answered ${reply.slice(0, 80)}`)
    }
    // The least of four: the first ones are not compiled yet.
    const least = async (s, ...argv) => {
      let micros = Number.POSITIVE_INFINITY
      for (let i = 0; i < 4; i++) micros = Math.min(micros, await cost(s, () => answered(s.client, ...argv)))
      return micros
    }
    const saving = { real: await least(real, 'SAVE'), ours: await least(ours, 'SAVE') }
    const both = { real: await least(real, 'DEBUG', 'RELOAD'), ours: await least(ours, 'DEBUG', 'RELOAD') }
    note(`ms of CPU: SAVE ${saving.real / 1000} and ${saving.ours / 1000}, DEBUG RELOAD ${both.real / 1000} and ${both.ours / 1000}`)
    // Freshly loaded, the data lies in order and is saved faster: that much is taken off.
    const again = { real: await least(real, 'SAVE'), ours: await least(ours, 'SAVE') }
    const loading = (both.real - again.real) / (both.ours - again.ours)
    const size = (s) => statSync(join(s.dir, 'dump.rdb')).size
    if (Math.abs(size(real) - size(ours)) > 200) note(`the files differ in size: real ${size(real)}, ours ${size(ours)}`)
    row('G14', 'SAVE of 1M small strings, CPU of real over ours', saving.real / saving.ours, 0.5, 0.9)
    row('G14', 'load of 1M small strings (DEBUG RELOAD less SAVE)', loading, 0.2, 0.35)
    for (const s of [real, ours]) s.client.end()
  })
}

async function scripts() {
  await both(async (real, ours) => {
    for (const s of [real, ours]) s.client = await client(s)
    if (!(await answersEval(ours.client))) note('G16: EVAL is not answered yet, not measured')
    else {
      const one = (body) => (c) => load(c, 60_000, () => ['EVAL', body, 0], 16)
      row('G16', 'EVAL "return 1" at P16, CPU of real over ours', await ratio(real, ours, one('return 1')), 0.6, 0.8)
      const long = (body) => async (c) => void (await c.ask('EVAL', body, '0'))
      row('G16', 'redis.call rate', await ratio(real, ours, long("for i = 1, 300000 do redis.call('SET', 'k', i) end return 1")), 0.6, 0.8)
      row('G16', 'loop', await ratio(real, ours, long('local x = 0 for i = 1, 20000000 do x = x + i % 7 end return x')), 0.7, 0.9)
    }
    for (const s of [real, ours]) s.client.end()
  })
}

if (!haveRedis()) note('G11, G12, G14, G16: real Redis is not installed, skipped')
else {
  if (want('G11')) await sortedSet()
  if (want('G12')) await memory()
  if (want('G14')) await rdb()
  if (want('G16')) await scripts()
}
