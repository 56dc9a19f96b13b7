import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'
import { formatG } from './format.ts'
import { ScriptRandom } from './random.ts'

const request = (...argv: string[]): string =>
  `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`

test('two servers in one thread share no state, even when both are in the middle of a script', () => {
  const [p, q] = [bench(), bench()]
  const [a, b] = [p.connect(), q.connect()]
  const long =
    "local s = 0 for i = 1, 3000000 do s = s + i end redis.call('set','k',ARGV[1]) return {s, math.random(1000)}"
  a(request('EVAL', long, '0', 'a'))
  b(request('EVAL', long, '0', 'b'))
  for (let i = 0; i < 100; i++) {
    p.wait(1)
    q.wait(1)
  }
  const expected = '*2\r\n:4500001500000\r\n:397\r\n'
  expect(p.read(a)).toBe(expected)
  expect(q.read(b)).toBe(expected)
  expect(a(request('GET', 'k'))).toBe('$1\r\na\r\n')
  expect(b(request('GET', 'k'))).toBe('$1\r\nb\r\n')
})

test('any bytes go through a script both ways', () => {
  const a = bench().connect()
  const all = Array.from({ length: 256 }, (_, i) => String.fromCharCode(i)).join('')
  expect(a(request('EVAL', "redis.call('set',KEYS[1],ARGV[1]) return redis.call('get',KEYS[1])", '1', all, all))).toBe(
    `$256\r\n${all}\r\n`,
  )
  const large = all.repeat(4096)
  expect(a(request('EVAL', 'return {#ARGV[1], ARGV[1]}', '0', large))).toBe(
    `*2\r\n:${large.length}\r\n$${large.length}\r\n${large}\r\n`,
  )
})

test('F7: what exhausts the machine outside of the script costs the machine, not the process', () => {
  const b = bench()
  const a = b.connect()
  a(request('FUNCTION', 'LOAD', "#!lua name=l\nredis.register_function('f', function() return 'kept' end)"))
  const sha = a(request('SCRIPT', 'LOAD', 'return #ARGV[1]')).slice(5, 45)
  const huge = 'x'.repeat(300 * 1024 * 1024)
  expect(a(request('EVALSHA', sha, '0', huge))).toBe('-ERR not enough memory\r\n')
  expect(a(request('EVALSHA', sha, '0', 'abc'))).toBe(':3\r\n')
  expect(a(request('FCALL', 'f', '0'))).toBe('$4\r\nkept\r\n')
  const deep = "return ('a'):rep(300000):match(('a?'):rep(150000))"
  const first = a(request('EVAL', deep, '0'))
  b.wait(1000)
  expect(first + b.read(a)).toMatch(/^(-ERR|\$300000|\$150000)/)
  expect(a(request('EVAL', 'return 1', '0'))).toBe(':1\r\n')
})

test('a client that leaves in the middle of its script does not stop it', () => {
  const b = bench()
  const [a, other] = [b.connect(), b.connect()]
  a(request('EVAL', "for i = 1, 3000000 do end redis.call('set','k','done')", '0'))
  b.input({ type: 'closed', conn: a.conn, reason: 'reset' })
  b.wait(1000)
  expect(other(request('GET', 'k'))).toBe('$4\r\ndone\r\n')
})

test('%.14g and %.17g: exact, ties to even, the shape of C', () => {
  expect(formatG(1234567890123.25, 14)).toBe('1234567890123.2')
  expect(formatG(1234567890123.75, 14)).toBe('1234567890123.8')
  expect([0.1, 1 / 3, 1e14, 1e15, -0, 1e-5, 123456].map((n) => formatG(n, 14))).toEqual([
    '0.1',
    '0.33333333333333',
    '1e+14',
    '1e+15',
    '-0',
    '1e-05',
    '123456',
  ])
  expect(formatG(0.1, 17)).toBe('0.10000000000000001')
})

test('math.random draws what redisLrand48 draws', () => {
  const r = new ScriptRandom()
  const draw = (): number => Math.floor(((r.next() % 2147483647) / 2147483647) * 1000) + 1
  expect([draw(), draw()]).toEqual([397, 841])
  r.seed(7)
  expect([draw(), draw()]).toEqual([267, 683])
})

test('string.format: plain formats and others, told apart by their bytes', () => {
  const a = bench().connect()
  const cases: [string, string][] = [
    ["'element:%012d', 42", 'element:000000000042'],
    ["'%d|%5d|%05d|%3d', -7, -42, -42, 123456", '-7|  -42|-0042|123456'],
    ["'%d %d', -0.9, 9007199254740991", '0 9007199254740991'],
    ["'%d', 2^53", '9007199254740992'],
    ["'%s:%s%%', 'a', 'b\\0c'", 'a:b%'],
    ["'%s', 17", '17'],
    ["'%-5d|%+d', 7, 7", '7    |+7'],
    ["'100%%'", '100%'],
    ["'%s', ('x'):rep(40000):sub(1, 5)", 'xxxxx'],
  ]
  const text = cases.map(([call]) => `string.format(${call})`).join(', ')
  const expected = `*${cases.length}\r\n${cases.map(([, s]) => `$${s.length}\r\n${s}\r\n`).join('')}`
  for (let round = 0; round < 2; round++) expect(a(request('EVAL', `return {${text}}`, '0'))).toBe(expected)
  expect(a(request('EVAL', "return #string.format('%s-%d', ('x'):rep(40000), 5)", '0'))).toBe(':40002\r\n')
  expect(a(request('EVAL', "return string.format('%d')", '0'))).toMatch(/bad argument #2 to 'format' \(no value\)/)
  expect(a(request('EVAL', "return string.format('%d', 'x')", '0'))).toMatch(/number expected, got string/)
  expect(
    a(
      request(
        'EVAL',
        "local t = {} for i = 1, 3000 do t[i] = string.format('k' .. i .. ':%03d', i) end return t[2999]",
        '0',
      ),
    ),
  ).toBe('$10\r\nk2999:2999\r\n')
})
