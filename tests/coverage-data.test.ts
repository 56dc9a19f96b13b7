/** Rows of the coverage list, sections 1.1 to 1.3, that a machine can check: what is fast, the data model, the structures. */
import { expect, test } from 'vitest'
import { Prng } from '../src/engine/bytes/prng.ts'
import facts from '../src/engine/commands/facts.json' with { type: 'json' }
import { formatTty } from '../src/engine/programs/redis-cli/format.ts'
import { ReplyParser } from '../src/engine/protocol/reply-parser.ts'
import { Dict } from '../src/engine/structures/dict.ts'
import { Quicklist } from '../src/engine/structures/quicklist.ts'
import { Sds } from '../src/engine/structures/sds.ts'
import { Skiplist } from '../src/engine/structures/skiplist.ts'
import { encode, Ours } from './oracle/servers.ts'

/** A server; `ask` gives a reply as redis-cli prints it. */
function boot() {
  const ours = new Ours()
  const parse = (bytes: string): string => {
    const parser = new ReplyParser()
    parser.feed(bytes)
    const lines: string[] = []
    for (let r = parser.next(); r !== undefined; r = parser.next()) lines.push(formatTty(r).trimEnd())
    return lines.join('\n')
  }
  const ask = (...argv: string[]): string => parse(ours.say(1, encode(argv)).get(1) ?? '')
  /** What each connection heard. */
  const say = (conn: number, ...argv: string[]): Map<number, string> =>
    new Map([...ours.say(conn, encode(argv))].map(([k, v]) => [k, parse(v)]))
  const raw = (bytes: string): string => ours.say(1, bytes).get(1) ?? ''
  /** Modelled microseconds of one request. */
  const cost = (...argv: string[]): number => {
    raw(encode(argv))
    ours.server.handle({ type: 'data', conn: 2, bytes: encode(argv) }, ours.server.host.now + 1)
    return ours.server.workMicros
  }
  return { ours, ask, say, raw, cost, db: () => ours.server.dbs[0]! }
}
const words = (n: number, prefix = 'm'): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`)

test('A01: reading never touches the disk', () => {
  const { ours, ask } = boot()
  ask('SET', 'k', 'v')
  let files = 0
  for (let i = 0; i < 1000; i++) {
    const outputs = ours.server.handle({ type: 'data', conn: 2, bytes: 'GET k\r\n' }, ours.server.host.now + 1)
    files += outputs.filter((o) => o.type === 'file').length
  }
  expect(files).toBe(0)
})
test('A04: with a load of at most 1 a lookup takes less than two hops on average', () => {
  const d = new Dict<number>(7)
  d.expand(1024)
  for (const w of words(1000, 'key:')) d.set(w, 1)
  const rng = new Prng(3)
  let hops = 0
  for (let i = 0; i < 1000; i++) {
    const key = `key:${rng.below(1000)}`
    hops += d.bucketKeys(0, d.hashOf(key) & (d.tableSize(0) - 1)).indexOf(key) + 1
  }
  expect(d.size / d.tableSize(0)).toBeLessThanOrEqual(1)
  expect(hops / 1000).toBeLessThan(2)
})
test('A09: there is no virtual memory to configure', () => {
  expect(boot().ask('CONFIG', 'GET', 'vm-enabled')).toBe('(empty array)')
})
test('A10: HELLO 3 speaks RESP3; a line is a request too', () => {
  const { raw } = boot()
  expect(raw('PING\r\n')).toBe('+PONG\r\n')
  expect(raw('HELLO 3\r\n')).toContain('$5\r\nproto\r\n:3\r\n')
  expect(raw('HELLO 3\r\n')).toMatch(/^%7\r\n/)
})

test('B01: sixteen databases, fixed at start', () => {
  const { ask } = boot()
  expect(ask('SELECT', '15')).toBe('OK')
  expect(ask('SELECT', '16')).toBe('(error) ERR DB index is out of range')
  expect(ask('CONFIG', 'SET', 'databases', '32')).toContain("can't set immutable config")
  ask('SET', 'k', '15')
  expect(ask('MOVE', 'k', '3')).toBe('(integer) 1')
  ask('SWAPDB', '3', '4')
  ask('SELECT', '4')
  expect(ask('COPY', 'k', 'k', 'DB', '0')).toBe('(integer) 1')
  ask('SELECT', '0')
  expect(ask('GET', 'k')).toBe('"15"')
})
test('B02: expires= of INFO follows the expires table', () => {
  const { ask, db } = boot()
  ask('SET', 'a', '1', 'EX', '100')
  ask('SET', 'b', '1')
  expect(db().expires.size).toBe(1)
  expect(ask('INFO', 'keyspace')).toContain('db0:keys=2,expires=1')
  ask('PERSIST', 'a')
  expect(ask('INFO', 'keyspace')).toContain('db0:keys=2,expires=0')
})
test('B03, D03: keys are SDS; an appended string keeps room', () => {
  const { ask } = boot()
  ask('SET', 'ap', 'hello')
  ask('APPEND', 'ap', ' world')
  expect(ask('DEBUG', 'SDSLEN', 'ap')).toBe(
    'key_sds_len:2, key_sds_avail:0, key_zmalloc: 8, val_sds_len:11, val_sds_avail:17, val_zmalloc: 32',
  )
})
test('B04: an expiry is kept as the absolute time', () => {
  const { ours, ask } = boot()
  ask('SET', 'k', 'v')
  ask('EXPIRE', 'k', '100')
  expect(Number(/\d+/.exec(ask('PEXPIRETIME', 'k'))?.[0]) - ours.server.host.nowMs).toBeCloseTo(100_000, -2)
})
test('B05: integers below 10000 are shared', () => {
  const { ask } = boot()
  ask('SET', 'n', '9999')
  expect(ask('OBJECT', 'REFCOUNT', 'n')).toBe('(integer) 2147483647')
  ask('SET', 'n', '10000')
  expect(ask('OBJECT', 'REFCOUNT', 'n')).toBe('(integer) 1')
  // Each needs a clock of its own where eviction goes by use.
  ask('CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru')
  ask('SET', 'own', '9999')
  expect(ask('OBJECT', 'REFCOUNT', 'own')).toBe('(integer) 1')
})
test('B07, D05, D10, D11, D12, D19: each type and the encoding it has', () => {
  const { ask } = boot()
  const encoding = (k: string): string => ask('OBJECT', 'ENCODING', k).replaceAll('"', '')
  const after = (key: string, ...argvs: string[][]): string => {
    ask('DEL', key)
    for (const argv of argvs) ask(...argv)
    return encoding(key)
  }
  expect(after('s', ['SET', 's', 'x'.repeat(44)])).toBe('embstr')
  expect(after('s', ['SET', 's', 'x'.repeat(45)])).toBe('raw')
  expect(after('s', ['SET', 's', '12345'])).toBe('int')
  expect(after('s', ['SET', 's', '12345'], ['APPEND', 's', '6'])).toBe('raw')
  expect(after('s', ['SETRANGE', 's', '0', 'a'])).toBe('raw')
  expect(after('s', ['SETBIT', 's', '0', '1'])).toBe('raw')
  expect(after('l', ['RPUSH', 'l', '1'])).toBe('quicklist')
  const fields = (n: number): string[] => words(n, 'f').flatMap((f) => [f, '1'])
  expect(after('h', ['HSET', 'h', ...fields(512)])).toBe('listpack')
  expect(after('h', ['HSET', 'h', ...fields(513)])).toBe('hashtable')
  expect(after('h', ['HSET', 'h', 'f', 'x'.repeat(64)])).toBe('listpack')
  expect(after('h', ['HSET', 'h', 'f', 'x'.repeat(65)])).toBe('hashtable')
  expect(after('h', ['HSET', 'h', 'f', 'x'.repeat(65)], ['HSET', 'h', 'f', '1'])).toBe('hashtable')
  expect(ask('CONFIG', 'GET', '*ziplist*').split('\n').length).toBe(10)
  const scored = (n: number): string[] => words(n).flatMap((m, i) => [`${i}`, m])
  expect(after('z', ['ZADD', 'z', ...scored(128)])).toBe('listpack')
  expect(after('z', ['ZADD', 'z', ...scored(128)], ['ZADD', 'z', '1', 'one'])).toBe('skiplist')
  expect(after('t', ['SADD', 't', ...words(512, '')])).toBe('intset')
  expect(after('t', ['SADD', 't', ...words(513, '')])).toBe('hashtable')
  expect(after('t', ['SADD', 't', '1', 'a'], ['SREM', 't', 'a'])).toBe('hashtable')
})
test('B08: a command for another type is refused', () => {
  const { ask } = boot()
  ask('SET', 'a', '1')
  expect(ask('LPUSH', 'a', 'x')).toBe('(error) WRONGTYPE Operation against a key holding the wrong kind of value')
})
test('B09: who waited first is served first; inside MULTI nobody waits', () => {
  const { ask, say } = boot()
  say(2, 'BLPOP', 'q', '0')
  say(3, 'BLPOP', 'q', '0')
  const heard = say(1, 'RPUSH', 'q', 'a', 'b')
  expect([heard.get(2), heard.get(3)]).toEqual(['1) "q"\n2) "a"', '1) "q"\n2) "b"'])
  ask('MULTI')
  ask('BLPOP', 'q', '0')
  expect(ask('EXEC')).toBe('1) (nil)')
})
test('B10: a HyperLogLog counts a hundred thousand elements to within 3 per cent, in 12 KB', () => {
  const { ask } = boot()
  expect(ask('PFADD', 'hll', 'a', 'b', 'c')).toBe('(integer) 1')
  expect(ask('PFCOUNT', 'hll')).toBe('(integer) 3')
  expect(ask('PFDEBUG', 'ENCODING', 'hll')).toBe('sparse')
  for (let i = 0; i < 100; i++) ask('PFADD', 'big', ...words(1000, `${i}:`))
  const counted = Number(/\d+/.exec(ask('PFCOUNT', 'big'))?.[0])
  expect(Math.abs(counted - 100_000)).toBeLessThan(3000)
  expect(ask('PFDEBUG', 'ENCODING', 'big')).toBe('dense')
  expect(ask('STRLEN', 'big')).toBe('(integer) 12304')
  ask('PFMERGE', 'both', 'hll', 'big')
  expect(Math.abs(Number(/\d+/.exec(ask('PFCOUNT', 'both'))?.[0]) - counted - 3)).toBeLessThan(20)
})
test('B11: bits live in a string as long as the last bit needs', () => {
  const { ask } = boot()
  ask('SETBIT', 'u', '100', '1')
  expect(ask('STRLEN', 'u')).toBe('(integer) 13')
  expect(ask('BITCOUNT', 'u')).toBe('(integer) 1')
  expect(ask('BITPOS', 'u', '1')).toBe('(integer) 100')
  expect(ask('BITFIELD', 'u', 'GET', 'u8', '96')).toBe('1) (integer) 8')
})
test('B12, D01: DBSIZE and STRLEN cost the same whatever the size', () => {
  const { ask, cost } = boot()
  ask('SET', 's', 'x')
  const [few, short] = [cost('DBSIZE'), cost('STRLEN', 's')]
  ask('DEBUG', 'POPULATE', '20000')
  ask('SET', 's', 'x'.repeat(1_000_000))
  expect(cost('DBSIZE')).toBe(few)
  expect(cost('STRLEN', 's')).toBe(short)
})
test('B14: the commands of 7.0.15, and what is none answers with its error', () => {
  const { ours, ask } = boot()
  const top = Object.keys(facts).filter((n) => !n.includes('|'))
  expect(top.length).toBe(240)
  expect(top.filter((n) => ours.server.table.byFullName(n) === undefined)).toEqual([])
  expect(ask('COMMAND', 'COUNT')).toBe('(integer) 240')
  expect(ask('NOSUCH', 'x')).toBe("(error) ERR unknown command 'NOSUCH', with args beginning with: 'x'")
})

test('D02: the sizes of string headers', () => {
  expect(boot().ask('DEBUG', 'STRUCTSIZE')).toContain('sdshdr5:1 sdshdr8:3 sdshdr16:5 sdshdr32:9 sdshdr64:17')
})
test('D04: a shortened string keeps its memory, and appending uses it', () => {
  const s = new Sds('hello')
  s.append(' world')
  const { alloc } = s
  s.len = 2
  s.append('y there')
  expect([s.toBytes(), s.alloc]).toEqual(['hey there', alloc])
})
test('D06: any byte is a byte', () => {
  const { ask } = boot()
  ask('SET', 'b', 'a\0b')
  expect(ask('STRLEN', 'b')).toBe('(integer) 3')
})
test('D07, D08: the bytes of a listpack', () => {
  const { raw } = boot()
  const dump = (key: string): string => raw(encode(['DUMP', key]))
  raw(encode(['HSET', 'h', 'a', '1', 'b', '2']))
  expect(dump('h')).toContain('\x11\0\0\0\x04\0\x81a\x02\x01\x01\x81b\x02\x02\x01\xff')
  raw(encode(['HSET', 'n', 'a', '127', 'b', '128', 'c', '4096', 'd', '100000', 'e', '-1']))
  for (const entry of ['\x7f\x01', '\xc0\x80\x02', '\xf1\x00\x10\x03', '\xf2\xa0\x86\x01\x04', '\xdf\xff\x02'])
    expect(dump('n')).toContain(entry)
})
test('D13: a list of 2000 elements of 20 bytes is six nodes of 8 KB', () => {
  const { ask } = boot()
  for (let i = 0; i < 2000; i++) ask('RPUSH', 'l', String(i).padStart(20, 'x'))
  expect(ask('DEBUG', 'OBJECT', 'l')).toContain('ql_nodes:6 ql_avg_node:333.33 ql_listpack_max:-2 ql_compressed:0')
})
test('D14: an insertion into a full node splits it', () => {
  const ql = new Quicklist(4)
  for (const e of words(8)) ql.pushTail(e)
  const { nodeCount } = ql
  ql.insertBefore(2, 'new')
  expect(ql.nodeCount - nodeCount).toBeLessThanOrEqual(1)
  const all: string[] = []
  ql.forRange(0, Infinity, true, (v) => {
    all.push(String(v))
  })
  expect(all).toEqual(['m0', 'm1', 'new', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'])
})
function skiplist(n: number): Skiplist {
  const z = new Skiplist(11)
  for (let i = 0; i < n; i++) z.insert(i, `m${i}`)
  return z
}
test('D15: a quarter of the nodes have a second level', () => {
  const z = skiplist(10_000)
  let tall = 0
  for (let x = z.first(); x !== 0; x = z.next(x)) if (z.levels(x).length > 1) tall++
  // Binomial(10000, 1/4): 99.9 % lie within 3.3 standard deviations of 43.3.
  expect(Math.abs(tall - 2500)).toBeLessThan(3.3 * 43.3)
})
test('D16, D18: a search among a thousand takes fewer than 40 steps, and its spans add up to the rank', () => {
  const z = skiplist(1000)
  for (let i = 0; i < 1000; i += 7) {
    const path = z.searchPath(i, `m${i}`)
    expect(path.length).toBeLessThan(40)
    expect(path.reduce((sum, step) => sum + step.span, 0)).toBe(z.rank(i, `m${i}`))
    expect(z.rank(i, `m${i}`) - 1).toBe(i)
  }
})
test('D17: a new score moves the node; dict and list agree', () => {
  const { ask } = boot()
  ask('CONFIG', 'SET', 'zset-max-listpack-entries', '0')
  ask('ZADD', 'z', '1', 'a', '2', 'b', '3', 'c')
  ask('ZADD', 'z', '5', 'a')
  expect(ask('ZRANGE', 'z', '0', '-1')).toBe('1) "b"\n2) "c"\n3) "a"')
  expect(ask('ZSCORE', 'z', 'a')).toBe('"5"')
})
test('D19, D27: memory by the allocator size classes', () => {
  const { ask } = boot()
  const usage = (): string => ask('MEMORY', 'USAGE', 'is')
  const seen: string[] = []
  for (const n of ['1', '40000', '5000000000']) {
    ask('SADD', 'is', n)
    seen.push(usage())
  }
  ask('SREM', 'is', '5000000000')
  expect([...seen, usage()]).toEqual(['(integer) 64', '(integer) 64', '(integer) 80', '(integer) 80'])
  ask('SET', 'k', 'v')
  ask('SET', 'num', '1')
  expect([ask('MEMORY', 'USAGE', 'k'), ask('MEMORY', 'USAGE', 'num')]).toEqual(['(integer) 64', '(integer) 48'])
})
test('D20, D21: a table tells of its chains', () => {
  const { ask, db } = boot()
  ask('DEBUG', 'POPULATE', '100')
  const text = ask('DEBUG', 'HTSTATS', '0')
  for (const line of ['table size: 128', 'number of elements: 100', 'different slots:', 'max chain length:'])
    expect(text).toContain(line)
  const { dict } = db()
  const chains = Array.from({ length: dict.tableSize(0) }, (_, i) => dict.bucketKeys(0, i).length)
  expect(text).toContain(`max chain length: ${Math.max(...chains)}`)
  expect(chains.reduce((a, b) => a + b)).toBe(100)
})
test('D22: with a child running a table grows only beyond five elements a bucket', () => {
  const d = new Dict<number>(1)
  d.expand(64)
  d.resizePolicy = 'avoid'
  for (const w of words(64 * 6 - 1)) d.set(w, 1)
  expect([d.tableSize(0), d.isRehashing]).toEqual([64, false])
  for (const w of words(2, 'more')) d.set(w, 1)
  expect(d.isRehashing).toBe(true)
})
test('D23, D24: each operation moves one bucket; reads see both tables, new keys go to the second', () => {
  const d = new Dict<number>(1)
  for (const w of words(1025)) d.set(w, 1)
  expect(d.isRehashing).toBe(true)
  for (let last = d.rehashidx; d.isRehashing; last = d.rehashidx) {
    const before = d.tableUsed(0)
    const fresh = `new${last}`
    const inSecond = d.tableUsed(1)
    d.set(fresh, 2)
    if (!d.isRehashing) break
    expect(d.tableUsed(1) - inSecond).toBe(before - d.tableUsed(0) + 1)
    // At most one bucket that held something, and ten that did not.
    expect(d.rehashidx - last).toBeLessThanOrEqual(11)
    expect(d.peek('m0')).toBe(1)
    expect(d.peek(fresh)).toBe(2)
  }
  expect([d.rehashidx, d.tableSize(1), d.tableUsed(1)]).toEqual([-1, 0, 0])
})
test('D25: a child stops a rehash that is under way', () => {
  const d = new Dict<number>(1)
  for (const w of words(1025)) d.set(w, 1)
  const at = d.rehashidx
  d.resizePolicy = 'avoid'
  for (const w of words(1000)) d.get(w)
  expect(d.rehashidx).toBe(at)
  d.resizePolicy = 'enable'
  d.get('m0')
  expect(d.rehashidx).toBeGreaterThan(at)
})
