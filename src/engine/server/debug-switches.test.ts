import { expect, test } from 'vitest'
import { bench } from './rig.ts'

const stats = (text: string, field: string): number => Number(new RegExp(`${field}:(\\d+)`).exec(text)?.[1])

test('OBJECT counts a hit or a miss like any read, though the key is not touched', () => {
  const c = bench().connect()
  c('SET k 12345\r\n')
  for (const what of ['ENCODING', 'REFCOUNT', 'IDLETIME']) {
    c(`OBJECT ${what} k\r\n`)
    c(`OBJECT ${what} nokey\r\n`)
  }
  const info = c('INFO stats\r\n')
  expect([stats(info, 'keyspace_hits'), stats(info, 'keyspace_misses')]).toEqual([3, 3])
})

test('DEBUG SET-DISABLE-DENY-SCRIPTS lets scripts call what they may not', () => {
  const c = bench(['--enable-debug-command', 'yes']).connect()
  const script = `EVAL "return redis.call('SAVE')" 0\r\n`
  expect(c(script)).toContain('This Redis command is not allowed from script')
  expect(c('DEBUG SET-DISABLE-DENY-SCRIPTS 1\r\n')).toBe('+OK\r\n')
  expect(c(`EVAL "return redis.pcall('AUTH', 'x')['err'] ~= nil and 7" 0\r\n`)).toBe(':7\r\n')
  expect(c(`EVAL "redis.call('CLIENT', 'SETNAME', 'x') return 1" 0\r\n`)).not.toContain('not allowed from script')
  c('DEBUG SET-DISABLE-DENY-SCRIPTS 0\r\n')
  expect(c(script)).toContain('This Redis command is not allowed from script')
})

test('DEBUG REPLYBUFFER stops and speeds up what happens to the reply buffers', () => {
  const b = bench(['--enable-debug-command', 'yes'])
  const [c, idle] = [b.connect(), b.connect()]
  idle('PING\r\n')
  const size = (): number => Number(/id=4 .*? rbs=(\d+)/.exec(c('CLIENT LIST\r\n'))?.[1])
  c('DEBUG REPLYBUFFER RESIZING 0\r\n')
  b.wait(12_000)
  expect(size()).toBe(16384)
  c('DEBUG REPLYBUFFER PEAK-RESET-TIME 100\r\n')
  c('DEBUG REPLYBUFFER RESIZING 1\r\n')
  b.wait(1500)
  expect(size()).toBe(1024)
})
