/** Coverage rows about scripts and functions. Replies are those of redis-server 7.0.15. */
import { expect, test } from 'vitest'
import { bench } from '../src/engine/server/rig.ts'
import { encode } from './oracle/servers.ts'

const request = (...argv: string[]): string => encode(argv)
const ERROR_SCRIPT = "redis.call('set','a','1') redis.call('lpush','a','x') redis.call('set','b','1')"

test('K01: a script runs alone: what others ask meanwhile is answered after it', () => {
  const b = bench()
  const [a, other] = [b.connect(), b.connect()]
  a(request('EVAL', "redis.call('set','x','1') for i = 1, 5000000 do end redis.call('set','x','2')", '0'))
  expect(other(request('GET', 'x'))).toBe('')
  b.wait(1000)
  expect(b.read(other)).toBe('$1\r\n2\r\n')
})

test('K02: types, an unknown SHA, protected globals', () => {
  const a = bench().connect()
  expect(a(request('EVAL', "return {1,2,{3,'Hello'},3.99,nil,4}", '0'))).toBe(
    '*4\r\n:1\r\n:2\r\n*2\r\n:3\r\n$5\r\nHello\r\n:3\r\n',
  )
  expect(a(request('EVALSHA', 'f'.repeat(40), '0'))).toBe('-NOSCRIPT No matching script. Please use EVAL.\r\n')
  expect(a(request('EVAL', 'x = 1', '0'))).toContain('-ERR user_script:1: Attempt to modify a readonly table script: ')
  expect(a(request('EVAL', 'return x', '0'))).toContain(
    "-ERR user_script:1: Script attempted to access nonexistent global variable 'x' script: ",
  )
})

test('K03: BUSY after busy-reply-threshold, SCRIPT KILL, UNKILLABLE after a write', () => {
  const b = bench()
  const [a, other] = [b.connect(), b.connect()]
  expect(other(request('CONFIG', 'GET', 'busy-reply-threshold'))).toContain('$4\r\n5000\r\n')
  other(request('CONFIG', 'SET', 'busy-reply-threshold', '500'))
  a(request('EVAL', 'while true do end', '0'))
  other(request('PING'))
  b.wait(480)
  expect(b.read(other)).toBe('')
  b.wait(40)
  expect(b.read(other)).toBe(
    '-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n',
  )
  expect(other(request('SCRIPT', 'KILL'))).toBe('+OK\r\n')
  b.wait(50)
  expect(b.read(a)).toContain('-ERR Script killed by user with SCRIPT KILL... script: ')
  expect(other(request('SCRIPT', 'KILL'))).toBe('-NOTBUSY No scripts in execution right now.\r\n')
})

test('K07: the release script without its last end does not compile', () => {
  const a = bench().connect()
  const release = 'if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0'
  expect(a(request('EVAL', release, '1', 'lock', 'tok'))).toBe(
    "-ERR Error compiling script (new function): user_script:1: 'end' expected near '<eof>'\r\n",
  )
  a(request('SET', 'lock', 'tok'))
  expect(a(request('EVAL', `${release} end`, '1', 'lock', 'other'))).toBe(':0\r\n')
  expect(a(request('EVAL', `${release} end`, '1', 'lock', 'tok'))).toBe(':1\r\n')
})

test('T14: an error ends the script and undoes nothing; pcall goes on', () => {
  const a = bench().connect()
  expect(a(request('EVAL', ERROR_SCRIPT, '0'))).toContain('-WRONGTYPE Operation against a key')
  expect(a(request('MGET', 'a', 'b'))).toBe('*2\r\n$1\r\n1\r\n$-1\r\n')
  expect(a(request('EVAL', ERROR_SCRIPT.replaceAll('redis.call', 'redis.pcall'), '0'))).toBe('$-1\r\n')
  expect(a(request('GET', 'b'))).toBe('$1\r\n1\r\n')
})

test('O15: MONITOR shows the script and then what it calls, as lua', () => {
  const b = bench()
  const [a, watcher] = [b.connect(), b.connect()]
  watcher(request('MONITOR'))
  a(request('EVAL', "return redis.call('set','k','v')", '0'))
  const lines = b.read(watcher).split('\r\n').slice(0, 2)
  expect(lines[0]).toMatch(/^\+\d+\.\d{6} \[0 10\.0\.0\.2:\d+\] "EVAL" "return redis\.call\('set','k','v'\)" "0"$/)
  expect(lines[1]).toMatch(/^\+\d+\.\d{6} \[0 lua\] "set" "k" "v"$/)
})

test('functions outlive a restart: they are in the RDB file, both ways', () => {
  const a = bench(['--enable-debug-command', 'yes']).connect()
  const code = "#!lua name=l\nredis.register_function('f', function() return 'kept' end)"
  a(request('FUNCTION', 'LOAD', code))
  const dump = a(request('FUNCTION', 'DUMP'))
    .replace(/^\$\d+\r\n/, '')
    .slice(0, -2)
  a(request('FUNCTION', 'FLUSH'))
  expect(a(request('FCALL', 'f', '0'))).toBe('-ERR Function not found\r\n')
  expect(a(request('FUNCTION', 'RESTORE', dump))).toBe('+OK\r\n')
  expect(a(request('FUNCTION', 'RESTORE', dump))).toBe('-ERR Library l already exists\r\n')
  expect(a(request('FUNCTION', 'RESTORE', dump, 'REPLACE'))).toBe('+OK\r\n')
  expect(a(request('FUNCTION', 'RESTORE', `${dump.slice(0, -1)}x`))).toBe(
    '-ERR DUMP payload version or checksum are wrong\r\n',
  )
  expect(a(request('DEBUG', 'RELOAD'))).toBe('+OK\r\n')
  expect(a(request('FCALL', 'f', '0'))).toBe('$4\r\nkept\r\n')
})
