import { expect, test } from 'vitest'
import { dataLabel } from './labels.ts'

const request = (...argv: string[]) => `*${argv.length}\r\n${argv.map((a) => `$${a.length}\r\n${a}\r\n`).join('')}`
const id = '5f1c09e2'.repeat(5)

test('a command shows its name and first arguments', () => {
  expect(dataLabel(request('set', 'k', 'v'))).toBe('SET k v')
  expect(dataLabel(request('zadd', 'z', '1', 'a', '2', 'b'))).toBe('ZADD z 1 a …')
  expect(dataLabel(request('set', 'k', 'x'.repeat(5000)))).toBe(`SET k ${'x'.repeat(23)}…`)
})

test('a short reply shows itself, a long one its kind and size', () => {
  expect(dataLabel('+OK\r\n')).toBe('+OK')
  expect(dataLabel(':1\r\n')).toBe(':1')
  expect(dataLabel('$-1\r\n')).toBe('(nil)')
  expect(dataLabel('$5\r\nhello\r\n')).toBe('"hello"')
  expect(dataLabel(`$4000\r\n${'y'.repeat(4000)}\r\n`)).toBe('string 4.0 kB')
  expect(dataLabel(`$3400\r\n# Server\r\n${'y'.repeat(3390)}\r\n`)).toBe('INFO reply 3.4 kB')
  expect(dataLabel(`*12\r\n${':1\r\n'.repeat(12)}`)).toBe('12 elements')
})

test('what Sentinels say to each other is readable', () => {
  const hello = `10.0.0.12,26379,${id},3,mymaster,10.0.0.11,6379,0`
  expect(dataLabel(request('PUBLISH', '__sentinel__:hello', hello))).toBe('hello 10.0.0.12:26379 epoch 3 mymaster')
  expect(dataLabel(request('message', '__sentinel__:hello', hello))).toBe('hello 10.0.0.12:26379 epoch 3 mymaster')
  const ask = ['SENTINEL', 'is-master-down-by-addr', '10.0.0.11', '6379', '4']
  expect(dataLabel(request(...ask, '*'))).toBe('is 10.0.0.11:6379 down?')
  expect(dataLabel(request(...ask, id))).toBe(`ask vote for ${id} epoch 4`)
  expect(dataLabel(`*3\r\n:1\r\n$40\r\n${id}\r\n:4\r\n`)).toBe(`down, vote ${id} epoch 4`)
  expect(dataLabel('*3\r\n:0\r\n$1\r\n*\r\n:0\r\n')).toBe('not down')
})

test('messages behind the first are counted, and half a message is not', () => {
  expect(dataLabel(request('ping') + request('ping') + request('info'))).toBe('PING and 2 more')
  expect(dataLabel(request('ping') + '*2\r\n$3\r\nge')).toBe('PING')
})

test('bytes that are not text never pass', () => {
  expect(dataLabel('$4\r\n\x1b]0;\r\n')).toBe('"·]0;"')
  expect(dataLabel('\xff\x00\x1b junk')).toBe('··· junk')
  expect(dataLabel(`$312\r\nREDIS0010\xfa`)).toBe('RDB 312 B')
})

test('packets of a cluster bus are named, with whom they suspect', () => {
  const u16 = (n: number) => String.fromCharCode(n >> 8, n & 255)
  const packet = (type: number, body: string, count = 0, epoch = 0) => {
    const head = `RCmb${u16(0)}${u16(2256 + body.length)}${u16(1)}${u16(6379)}${u16(type)}${u16(count)}`
    return `${head}${'\0'.repeat(6)}${u16(epoch)}`.padEnd(2256, '\0') + body
  }
  const gossip = (name: string, flags: number) => `${name.padEnd(98, '\0')}${u16(flags)}`.padEnd(104, '\0')
  expect(dataLabel(packet(0, ''))).toBe('PING')
  expect(dataLabel(packet(1, gossip(id, 1) + gossip('feedbeef'.repeat(5), 5), 2))).toBe('PONG, PFAIL feedbeef')
  expect(dataLabel(packet(3, 'feedbeef'.repeat(5)))).toBe('FAIL feedbeef')
  expect(dataLabel(packet(5, '', 0, 10))).toBe('AUTH_REQUEST epoch 10')
  expect(dataLabel(packet(0, '') + packet(0, ''))).toBe('PING and more')
  expect(dataLabel(packet(0, '').slice(0, 300))).toBe('part of a bus packet, 300 B')
})
