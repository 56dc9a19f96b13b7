/**
 * How keys die, beside a real server: what the active cycle counts, what a frozen clock means in EXEC and in scripts, and who
 * is told. And eviction's plain rules: nobody to evict, lazily or not, what a replica is sent.
 */
import { afterAll, describe, expect, test } from 'vitest'
import { encode, type Heard, Ours, Real, startReal } from './oracle/servers.ts'
import { haveRedis, stopAll } from './support/processes.ts'

afterAll(stopAll)
interface Side {
  send(conn: number, bytes: string): Promise<Heard>
  wait(ms: number): Promise<Heard>
}
async function ask(side: Side, argv: readonly string[]): Promise<string> {
  let reply = (await side.send(1, encode(argv))).get(1) ?? ''
  // A long script is put aside now and then.
  for (let i = 0; i < 200 && reply === ''; i++) reply = (await side.wait(10)).get(1) ?? ''
  return reply
}
const field = async (side: Side, name: string): Promise<number> =>
  Number(new RegExp(`${name}:([0-9.]+)`).exec(await ask(side, ['info', 'everything']))?.[1])
async function both(run: (side: Side) => Promise<unknown>): Promise<void> {
  const { port } = await startReal()
  const real = new Real(port)
  const theirs = await run(real)
  real.close()
  expect(await run(new Ours())).toEqual(theirs)
}

describe.skipIf(!haveRedis())('expiry and eviction, beside a real server', () => {
  test.concurrent('the share of stale keys is a moving average of the cycles', async () => {
    // One key, found dead by one cycle: 5 %, then 95 % of it each tenth of a second.
    const series = Array.from({ length: 40 }, (_, i) => (5 * 0.95 ** i).toFixed(2))
    await both(async (side) => {
      await ask(side, ['set', 'k', 'v', 'px', '1'])
      await side.wait(400)
      const [stale, dead] = [await field(side, 'expired_stale_perc'), await field(side, 'expired_keys')]
      expect(series).toContain(stale.toFixed(2))
      return [dead, await field(side, 'expired_time_cap_reached_count')]
    })
  })
  test.concurrent.each(['1', '5', '10'])('effort %s: all that is dead goes, and nothing else', async (effort) => {
    await both(async (side) => {
      await ask(side, ['config', 'set', 'active-expire-effort', effort])
      for (let i = 0; i < 20; i++) {
        const keys = Array.from({ length: 50 }, (_, n) => encode(['set', `d${i}:${n}`, 'v', 'px', '30']))
        await side.send(1, keys.join('') + encode(['set', `l${i}`, 'v', 'ex', '1000']))
      }
      await side.wait(1500)
      return [await ask(side, ['dbsize']), await field(side, 'expired_keys'), (await field(side, 'avg_ttl')) > 900_000]
    })
  })
  test.concurrent('DEBUG SET-ACTIVE-EXPIRE 0 leaves the dead to those who ask for them', async () => {
    await both(async (side) => {
      await ask(side, ['debug', 'set-active-expire', '0'])
      await ask(side, ['set', 'k', 'v', 'px', '1'])
      await side.wait(300)
      const out = [await ask(side, ['dbsize']), await ask(side, ['exists', 'k']), await ask(side, ['dbsize'])]
      await ask(side, ['set', 'k', 'v', 'px', '1'])
      await ask(side, ['debug', 'set-active-expire', '1'])
      await side.wait(300)
      return [...out, await ask(side, ['dbsize'])]
    })
  })
  test.concurrent('time stands still in scripts and transactions', async () => {
    await both(async (side) => {
      await ask(side, ['debug', 'set-active-expire', '0'])
      const script =
        "redis.call('set', 'k', 'v', 'px', '5'); local n = 0; for i = 1, 100000 do n = n + redis.call('exists', 'k') end; return n"
      const out = [await ask(side, ['eval', script, '0'])]
      await side.wait(50)
      out.push(await ask(side, ['exists', 'k']))
      for (const argv of [
        ['multi'],
        ['set', 'q', 'v', 'px', '5'],
        ['debug', 'sleep', '0.05'],
        ['exists', 'q'],
        ['exec'],
      ])
        out.push(await ask(side, argv))
      return out
    })
  })
  test.concurrent('nobody to evict', async () => {
    await both(async (side) => {
      const out: string[] = []
      for (const policy of ['noeviction', 'volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']) {
        await ask(side, ['config', 'set', 'maxmemory', '0', 'maxmemory-policy', policy])
        await ask(side, ['set', 'k', 'v'])
        await ask(side, ['config', 'set', 'maxmemory', '1'])
        for (const argv of [
          ['set', 'a', '1'],
          ['get', 'k'],
          ['lpop', 'l'],
          ['multi'],
          ['get', 'k'],
          ['exec'],
          ['eval', "return redis.call('set', 'x', 'y')", '0'],
          ['eval', "return redis.call('get', 'k')", '0'],
          ['eval', "#!lua flags=allow-oom\nreturn redis.call('strlen', 'k')", '0'],
          ['publish', 'c', 'm'],
          ['del', 'k'],
          ['exists', 'k'],
        ])
          out.push(`${policy} ${argv[0]} ${await ask(side, argv)}`)
      }
      return out
    })
  })
  test.concurrent.each(['no', 'yes'])(
    'what a replica is sent and listeners hear: lazyfree-lazy-eviction %s',
    async (lazy) => {
      await both(async (side) => {
        await ask(side, ['config', 'set', 'repl-diskless-sync', 'no', 'lazyfree-lazy-eviction', lazy])
        await ask(side, ['config', 'set', 'notify-keyspace-events', 'KEA', 'maxmemory-policy', 'allkeys-lru'])
        await ask(side, ['set', 'k', 'v'])
        let stream = (await side.send(3, encode(['sync']))).get(3) ?? ''
        for (let i = 0; i < 100 && !stream.includes('REDIS0010'); i++) stream += (await side.wait(20)).get(3) ?? ''
        await side.wait(50)
        await side.send(2, encode(['psubscribe', '__key*']))
        const heard = await side.send(1, encode(['config', 'set', 'maxmemory', '1']) + encode(['get', 'k']))
        const later = await side.wait(100)
        const sent = ((heard.get(3) ?? '') + (later.get(3) ?? '')).toLowerCase()
        return [
          heard.get(1),
          (heard.get(2) ?? '') + (later.get(2) ?? ''),
          /unlink|del/.exec(sent)?.[0],
          await ask(side, ['dbsize']),
        ]
      })
    },
  )
})
