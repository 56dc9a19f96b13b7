import { expect, test } from 'vitest'
import { bench } from '../server/rig.ts'

const request = (...argv: string[]): string =>
  `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
const BUSY = '-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n'

/** Endless in ways that a hook between two instructions of one frame would not get out of. */
const ENDLESS: Record<string, string> = {
  'a loop': 'while true do end',
  'a loop around pcall': 'while true do pcall(function() while true do end end) end',
  'a metamethod': 'local t = setmetatable({}, {__index=function() while true do end end}) return t.x',
  'a comparison of sort': 'table.sort({3,2,1}, function() while true do end end)',
  'a replacement of gsub': "return ('x'):gsub('x', function() while true do end end)",
  'a coroutine': 'return coroutine.wrap(function() while true do end end)()',
  'an iterator': 'for _ in function() while true do end end do end',
  'a pattern': "return ('a'):rep(60):find(('a?'):rep(60) .. ('a'):rep(60))",
  'a pattern in pcall': "while true do pcall(string.find, ('a'):rep(40), ('a-'):rep(12) .. 'b') end",
  'building nothing': "return (''):rep(2000000000)",
}

for (const [what, script] of Object.entries(ENDLESS)) {
  test(`F7: ${what} makes the server busy, and can be killed`, () => {
    const b = bench(['--busy-reply-threshold', '50'])
    const [a, other] = [b.connect(), b.connect()]
    expect(a(request('EVAL', script, '0'))).toBe('')
    expect(other(request('PING'))).toBe('')
    b.wait(60)
    // What came before the threshold was answered when it was passed.
    expect(b.read(other)).toBe(BUSY)
    expect(other(request('GET', 'x'))).toBe(BUSY)
    expect(b.logs.some((l) => l.includes('Slow script detected: still in execution after'))).toBe(true)
    expect(other(request('FUNCTION', 'KILL'))).toBe(BUSY)
    expect(other(request('SCRIPT', 'KILL'))).toBe('+OK\r\n')
    b.wait(20)
    expect(b.read(a)).toContain('-ERR Script killed by user with SCRIPT KILL... script: ')
    expect(other(request('PING'))).toBe('+PONG\r\n')
    expect(a(request('EVAL', 'return 1', '0'))).toBe(':1\r\n')
  })
}

test('a script that has written can only be ended with the server', () => {
  const b = bench(['--busy-reply-threshold', '50'])
  const [a, other] = [b.connect(), b.connect()]
  a(request('EVAL', "redis.call('set','x','1') while true do end", '0'))
  b.wait(60)
  expect(other(request('SCRIPT', 'KILL'))).toContain('-UNKILLABLE Sorry the script already executed write commands')
  other(request('SHUTDOWN', 'NOSAVE'))
  b.wait(10)
  expect(b.exit()).toBe(0)
})

test('a long script answers what it would have answered at once, and so does a transaction with one in it', () => {
  const b = bench()
  const [a, other] = [b.connect(), b.connect()]
  const long = "local s = 0 for i = 1, 3000000 do s = s + 1 end redis.call('incr','n') return s"
  expect(a(request('EVAL', long, '0') + request('GET', 'n'))).toBe('')
  expect(other(request('GET', 'n'))).toBe('')
  b.wait(1000)
  expect(b.read(a)).toBe(':3000000\r\n$1\r\n1\r\n')
  expect(b.read(other)).toBe('$1\r\n1\r\n')
  a(request('MULTI') + request('INCR', 'n') + request('EVAL', long, '0') + request('INCR', 'n'))
  expect(a(request('EXEC'))).toBe('*3\r\n:2\r\n')
  b.wait(1000)
  expect(b.read(a)).toBe(':3000000\r\n:4\r\n')
})

test('X13: a key does not expire during a script, but the clock goes on', () => {
  const b = bench()
  const a = b.connect()
  const script =
    "redis.call('set','k','v','px',30) local a = redis.call('pttl','k') for i = 1, 8000000 do end local z = redis.call('pttl','k') return {a, z, redis.call('exists','k')}"
  a(request('EVAL', script, '0'))
  b.wait(1000)
  expect(b.read(a)).toBe('*3\r\n:30\r\n:0\r\n:1\r\n')
  expect(a(request('GET', 'k'))).toBe('$-1\r\n')
})

test('F7: a script that asks for gigabytes gets an error, and the server lives', () => {
  const b = bench()
  const a = b.connect()
  const first = a(request('EVAL', "local s = ('x'):rep(1000) while true do s = s .. s end", '0'))
  b.wait(10_000)
  expect(first + b.read(a)).toContain('not enough memory')
  expect(a(request('EVAL', 'return #KEYS', '0'))).toBe(':0\r\n')
  a(request('EVAL', 'local t = {} for i = 1, 1e9 do t[i] = i end', '0'))
  b.wait(100_000)
  expect(b.read(a)).toContain('not enough memory')
  expect(a(request('EVAL', 'return 7', '0'))).toBe(':7\r\n')
})

test('a function that hangs is killed with FUNCTION KILL, and FUNCTION STATS names it', () => {
  const b = bench(['--busy-reply-threshold', '50'])
  const [a, other] = [b.connect(), b.connect()]
  const code = "#!lua name=l\nredis.register_function('hang', function() while true do end end)"
  expect(a(request('FUNCTION', 'LOAD', code))).toBe('$1\r\nl\r\n')
  a(request('FCALL', 'hang', '0'))
  b.wait(60)
  expect(other(request('PING'))).toBe(BUSY.replace('SCRIPT KILL', 'FUNCTION KILL'))
  expect(other(request('FUNCTION', 'STATS'))).toContain('$4\r\nname\r\n$4\r\nhang\r\n$7\r\ncommand\r\n*3\r\n')
  expect(other(request('FUNCTION', 'KILL'))).toBe('+OK\r\n')
  b.wait(20)
  expect(b.read(a)).toContain('-ERR Script killed by user with SCRIPT KILL... script: hang, on @user_function:2.')
})

test('FUNCTION LOAD of a library that never ends is given up after half a second', () => {
  const b = bench()
  const a = b.connect()
  expect(a(request('FUNCTION', 'LOAD', '#!lua name=l\nwhile true do end'))).toBe(
    '-ERR Error registering functions: ERR FUNCTION LOAD timeout\r\n',
  )
})
