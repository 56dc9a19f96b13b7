/** Malformed requests: what the real server answers, and whether it hangs up, however TCP cuts the bytes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import { ReplyParser } from '../src/engine/protocol/reply-parser.ts'
import { escaped } from './hostile-rig.ts'
import { encode, Ours, Real, startReal } from './oracle/servers.ts'
import { haveRedis, sleep, stopAll } from './support/processes.ts'

const SHORT: readonly string[] = [
  encode(['set', 'k', 'v']) + encode(['get', 'k']),
  'set k v\r\nget k\r\n',
  'get k\nping\n',
  '\r\n\r\nping\r\n',
  'set "a b" \'c d\'\r\nget "a b"\r\n',
  'set "\\x41\\n" "\\q"\r\nget "A\\n"\r\n',
  'get "abc\r\n',
  "get 'abc'x\r\n",
  'get "a"b\r\nping\r\n',
  '*0\r\nping\r\n',
  '*-1\r\nping\r\n',
  '*-10\r\n*1\r\n$4\r\nPING\r\n',
  '*1\r\n$0\r\n\r\nping\r\n',
  '*1\r\n$-1\r\nping\r\n',
  '*1\r\n:1\r\nping\r\n',
  '*1\r\nPING\r\n',
  '*1\r\n\r\n',
  '*x\r\nping\r\n',
  '*\r\nping\r\n',
  '*1x\r\n$4\r\nping\r\n',
  '* 1\r\n$4\r\nping\r\n',
  '*01\r\n$4\r\nping\r\n',
  '*1\r\n$04\r\nping\r\n',
  '*1\r\n$+4\r\nping\r\n',
  '*1\r\n$x\r\nping\r\n',
  '*1\r\n$4x\r\nping\r\n',
  '*1\r\n$9223372036854775808\r\n',
  '*1\r\n$536870913\r\n',
  '*2147483648\r\n',
  '*2147483647\r\n',
  '*1048577\r\n$4\r\nping\r\n',
  '*9223372036854775808\r\n',
  '*99999999999999999999999\r\n',
  '*1\r\n$4\r\npingxx*1\r\n$4\r\nping\r\n',
  '*1\r\n$3\r\nping\r\n*1\r\n$4\r\nping\r\n',
  '*2\r\n$4\r\necho\r\n$3\r\n\0\r\n\r\n',
  '\0\0\0\r\nping\r\n',
  'ping\0x\r\nping\r\n',
  'pi\0ng\r\nping\r\n',
  '\0*1\r\n$4\r\nping\r\n',
  '*1\n$4\nping\n',
  '*1\rX$4\r\nping\r\n',
  '*1\r\n$4\rXping\r\n',
  '$4\r\nping\r\n',
  '+OK\r\n-ERR\r\n:1\r\n',
  '*3\r\n$3\r\nset\r\n$1\r\n\xff\r\n$2\r\n\r\n\r\nget \xff\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'POST / HTTP/1.1\r\nHost: x\r\n\r\n',
  'ping\r\nHost: x\r\nping\r\n',
  '*2\r\n$5\r\nhost:\r\n$1\r\nx\r\nping\r\n',
  `${encode(['multi'])}${encode(['nosuch'])}*1\r\n$x\r\n`,
  'quit\r\nping\r\n',
  `${encode(['nosuch', '\r\n-ERR fake'])}`,
]
const LONG: readonly string[] = [
  'x'.repeat(65536),
  'x'.repeat(65537),
  'x'.repeat(70000),
  `${'x'.repeat(70000)}\r\nping\r\n`,
  `ping ${'x'.repeat(1 << 20)}`,
  `*${'1'.repeat(65537)}`,
  `*1\r\n$${'1'.repeat(65537)}`,
  `*1\r\n${'x'.repeat(70000)}`,
  `*2\r\n$4\r\necho\r\n$40000\r\n${'y'.repeat(40000)}\r\nping\r\n`,
  `*2\r\n$4\r\necho\r\n$1048577\r\n`,
  `*2\r\n$4\r\necho\r\n$1048576\r\n${'y'.repeat(1048576)}\r\n`,
]
const UNAUTHENTICATED: readonly string[] = [
  '*11\r\n$4\r\nping\r\n',
  '*10\r\n$4\r\nping\r\n',
  '*1\r\n$16385\r\n',
  '*1\r\n$16384\r\n',
  `*2\r\n$4\r\necho\r\n$16384\r\n${'y'.repeat(16384)}\r\n`,
  'ping\r\n',
  `${encode(['auth', 'wrong'])}*11\r\n`,
  `${encode(['auth', 'sesame'])}*11\r\n`,
  `${encode(['hello', '3', 'auth', 'default', 'sesame'])}*1\r\n$16385\r\n`,
  `ping ${'x '.repeat(40)}\r\n`,
  'x'.repeat(70000),
]

/** The first dozen of what differs, or ''. */
const firstOf = (differences: readonly string[]): string =>
  differences
    .filter((d) => d !== '')
    .slice(0, 12)
    .join('\n')

describe.skipIf(!haveRedis())('malformed requests', () => {
  let real: Real
  const ours = new Ours()
  let conn = 1
  beforeAll(async () => {
    real = new Real((await startReal()).port)
    for (const s of [ours, real]) await s.send(conn, encode(['config', 'set', 'proto-max-bulk-len', '1mb']))
  })
  afterAll(() => {
    real.close()
    stopAll()
  })

  const show = (text: string, closed: boolean): string =>
    `${escaped(text.slice(0, 300).replace(/id\r\n:\d+/, 'id'))}${closed ? ' and hangs up' : ''}`

  /** Both get the pieces on a connection of their own; the difference in words, or ''. */
  async function differ(pieces: readonly string[]): Promise<string> {
    // Where bytes were left unread, TCP resets the connection instead of ending it.
    const reset = pieces.join('').length > 60_000
    for (let tries = 1; ; tries++) {
      conn++
      let [mine, wanted] = ['', '']
      for (const piece of pieces) {
        if (piece === '' || ours.closed.has(conn) || real.closed.has(conn)) continue
        mine += (await ours.send(conn, piece)).get(conn) ?? ''
        wanted += (await real.send(conn, piece)).get(conn) ?? ''
      }
      // A megabyte takes the real one a moment on a busy machine.
      for (
        let i = 0;
        i < 300 && ((ours.closed.has(conn) && !real.closed.has(conn)) || wanted.length < mine.length);
        i++
      ) {
        if (real.closed.has(conn)) break
        await sleep(10)
        wanted += (await real.wait(0)).get(conn) ?? ''
      }
      // A reset that meets a write throws away what has come and was not read yet: the error is caught another time.
      if (reset && real.closed.has(conn) && wanted === '' && tries < 30) continue
      const [a, b] = [
        show(mine, ours.closed.has(conn)),
        show(wanted, real.closed.has(conn) || (reset && ours.closed.has(conn))),
      ]
      return a === b ? '' : `${pieces.map((p) => escaped(p.slice(0, 80))).join(' | ')}\n  redis ${b}\n  ours  ${a}`
    }
  }

  test('whole and cut in two at every byte', { timeout: 300_000 }, async () => {
    const bad: string[] = []
    for (const stream of SHORT)
      for (let at = 0; at < stream.length; at++) bad.push(await differ([stream.slice(0, at), stream.slice(at)]))
    expect(firstOf(bad)).toBe('')
  })

  test('byte by byte', { timeout: 300_000 }, async () => {
    const bad: string[] = []
    for (const stream of SHORT) bad.push(await differ([...stream]))
    expect(firstOf(bad)).toBe('')
  })

  test('beyond the limits', { timeout: 300_000 }, async () => {
    const bad: string[] = []
    for (const stream of LONG)
      for (const pieces of [[stream], [stream.slice(0, 70), stream.slice(70)], [stream.slice(0, -1), stream.slice(-1)]])
        bad.push(await differ(pieces))
    expect(firstOf(bad)).toBe('')
  })

  test('spoiled requests, seeded', { timeout: 300_000 }, async () => {
    const rng = new Prng(Number(process.env['HOSTILE_SEED'] ?? 3))
    const bad: string[] = []
    const alphabet = '*$\r\n0123459-+: xPING\0"\'\\'
    for (let i = 0; i < Number(process.env['HOSTILE_EACH'] ?? 300); i++) {
      let s = SHORT[rng.below(SHORT.length)] as string
      for (let n = 1 + rng.below(3); n > 0; n--) {
        const at = rng.below(s.length)
        const put = rng.below(4) === 0 ? '' : alphabet.charAt(rng.below(alphabet.length))
        s = s.slice(0, at) + put + s.slice(at + rng.below(2))
      }
      const at = rng.below(s.length + 1)
      bad.push(await differ([s.slice(0, at), s.slice(at)]))
    }
    expect(firstOf(bad)).toBe('')
  })

  test('before authentication the limits are small', { timeout: 300_000 }, async () => {
    const bad: string[] = []
    for (const s of [ours, real]) await s.send(1, encode(['acl', 'setuser', 'default', 'resetpass', '>sesame']))
    // The bench's own connection has lost nothing: it was there before.
    for (const stream of UNAUTHENTICATED) bad.push(await differ([stream]))
    for (const s of [ours, real]) await s.send(1, encode(['acl', 'setuser', 'default', 'nopass']))
    expect(firstOf(bad)).toBe('')
  })
})

test('what is not RESP makes our parser of replies say so, and never throw', () => {
  const rng = new Prng(11)
  const whole =
    '*3\r\n$1\r\na\r\n:1\r\n%1\r\n+k\r\n,1.5\r\n|1\r\n+a\r\n#t\r\n>2\r\n(123\r\n=5\r\ntxt:x\r\n!3\r\nERR\r\n_\r\n~1\r\n-ERR no\r\n'
  let broken = 0
  for (let i = 0; i < 30_000; i++) {
    let s = whole
    for (let n = 1 + rng.below(4); n > 0; n--) {
      const at = rng.below(s.length)
      s =
        s.slice(0, at) +
        String.fromCharCode(rng.below(2) === 0 ? rng.below(256) : 48 + rng.below(10)) +
        s.slice(at + rng.below(2))
    }
    const parser = new ReplyParser()
    const cut = rng.below(s.length)
    for (const piece of [s.slice(0, cut), s.slice(cut)]) {
      parser.feed(piece)
      for (let n = 0; parser.next() !== undefined; n++) expect(n).toBeLessThan(200)
    }
    if (parser.error !== null) broken++
  }
  expect(broken).toBeGreaterThan(3000)
})

test.each([
  ['*9999999999\r\n', 'Multi-bulk length out of range'],
  ['*-2\r\n', 'Multi-bulk length out of range'],
  ['$-2\r\n', 'Bulk string length out of range'],
  ['=3\r\nabc\r\n', 'Verbatim string 4 bytes of content type are missing or incorrectly encoded.'],
  ['(12x\r\n', 'Bad bignum value'],
  ['_x\r\n', 'Bad nil value'],
  ['\0\r\n', 'Protocol error, got "\\x00" as reply type byte'],
  ['*1e3\r\n', 'Bad multi-bulk length'],
  ['*0x10\r\n', 'Bad multi-bulk length'],
  ['$ 1\r\na\r\n', 'Bad bulk string length'],
  [':9999999999999999999\r\n', 'Bad integer value'],
  [':1.5\r\n', 'Bad integer value'],
  [',abc\r\n', 'Bad double value'],
  ['#x\r\n', 'Bad bool value'],
  ['?\r\n', 'Protocol error, got "?" as reply type byte'],
  ['HTTP/1.1 400\r\n', 'Protocol error, got "H" as reply type byte'],
])('%j is refused: %s', (bytes, error) => {
  const parser = new ReplyParser()
  parser.feed(bytes)
  expect(parser.next()).toBe(undefined)
  expect(parser.error).toBe(error)
})

test('a nesting too deep for hiredis is refused', () => {
  const parser = new ReplyParser()
  parser.feed('*1\r\n'.repeat(100_000))
  expect(parser.next()).toBe(undefined)
  expect(parser.buffered).toBeLessThan(500_000)
})
